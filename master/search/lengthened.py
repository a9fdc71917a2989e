"""More epochs for the trials of a study that has been given a longer budget: each goes on from its checkpoint."""

from collections.abc import Iterator
from dataclasses import replace

from hyperspool.common.records import Status
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.sampler import Sampler


class Lengthened:
    """Takes each COMPLETE trial to the study's epochs, in the order of their trials, before it suggests new ones.

    The other method sees a trial with its value at the study's epochs; until then the trial is pending for it, because
    values of different budgets cannot be compared.

    Args:
        inner: the search method.
        epochs: the study's.
    """

    def __init__(self, inner: Sampler, epochs: int) -> None:
        self._inner, self._epochs = inner, epochs

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the missing epochs of earlier trials, and new trials if these are fewer than `count`."""
        longer = [self._continued(proposal) for proposal in shorter_trials(known, self._epochs)][:count]
        if len(longer) == count:
            return longer
        return longer + self._inner.suggest(count - len(longer), self._view(known))

    def _continued(self, proposal: Proposal) -> Proposal:
        rung = proposal.rung + 1
        return replace(proposal, rung=rung, budget_epochs=self._epochs, continues=proposal.rung)

    def _view(self, known: Known) -> Known:
        last = _last_of_each(known)
        is_short = {proposal.trial for proposal in shorter_trials(known, self._epochs)}
        ended: list[Evaluation] = []
        pending: list[Proposal] = []
        for proposal in last.values():
            seen = known.evaluations.get(proposal.key)
            as_seen = replace(proposal, rung=0)
            if seen is None or proposal.trial in is_short:
                pending.append(as_seen)
            else:
                ended.append(replace(seen, proposal=as_seen))
        return Known(ended, pending)


def shorter_trials(known: Known, epochs: int) -> Iterator[Proposal]:
    """Yield the last proposal of each trial that is COMPLETE with fewer epochs and not yet asked for more."""
    for proposal in _last_of_each(known).values():
        seen = known.evaluations.get(proposal.key)
        if seen and seen.status is Status.COMPLETE and (proposal.budget_epochs or epochs) < epochs:
            yield proposal


def _last_of_each(known: Known) -> dict[int, Proposal]:
    return {proposal.trial: proposal for proposal in known.proposals()}
