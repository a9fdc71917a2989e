"""Successive halving, ASHA and Hyperband around another search method: promotes its trials from rung to rung.

With TPE inside Hyperband's brackets this is BOHB. Sources: see `hyperspool.common.halving`; Falkner, Klein and Hutter
2018, BOHB: Robust and Efficient Hyperparameter Optimization at Scale, ICML.
"""

from dataclasses import replace

from hyperspool.common.records import Status
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.rungs import Rungs
from hyperspool.master.search.sampler import Sampler


class Halved:
    """Promotes what is to be promoted; else begins new trials of another search method on their lowest rung.

    The other method sees each trial as one evaluation, on the highest rung on which enough trials have a value: values
    of different budgets cannot be compared. A trial without a value there is PRUNED for it, on its own rung.

    Args:
        inner: the search method; it ends after the study's number of trials.
        rungs: the study's.
        enough: so many values of a rung are enough to learn from; 0: the method learns from PRUNED trials too, so
            it always sees the highest rung.
    """

    def __init__(self, inner: Sampler, rungs: Rungs, enough: int) -> None:
        self._inner, self._rungs, self._enough = inner, rungs, enough

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest promotions, and new trials if these are fewer than `count`."""
        promoted = [self._promoted(known.evaluations[key].proposal) for key in self._rungs.promotions(known)][:count]
        if len(promoted) == count:
            return promoted
        return promoted + [self._begun(new) for new in self._inner.suggest(count - len(promoted), self._view(known))]

    def _begun(self, proposal: Proposal) -> Proposal:
        rung = self._rungs.lowest_of(proposal.trial)
        return replace(proposal, rung=rung, budget_epochs=self._rungs.ladder[rung])

    def _promoted(self, proposal: Proposal) -> Proposal:
        rung = proposal.rung + 1
        return replace(proposal, rung=rung, budget_epochs=self._rungs.ladder[rung], continues=proposal.rung)

    def _view(self, known: Known) -> Known:
        learned = self._learned_from(known)
        latest: dict[int, Evaluation] = {}
        first: dict[int, Proposal] = {}
        for proposal in known.proposals():
            first.setdefault(proposal.trial, proposal)
            seen = known.evaluations.get(proposal.key)
            if seen is not None and not (proposal.trial in latest and proposal.rung > learned):
                latest[proposal.trial] = seen
        return Known(
            (self._as_seen(seen, learned) for seen in latest.values()),
            (replace(proposal, rung=0) for trial, proposal in first.items() if trial not in latest),
        )

    def _as_seen(self, evaluation: Evaluation, learned: int) -> Evaluation:
        own = evaluation.proposal.rung
        as_seen = replace(evaluation, proposal=replace(evaluation.proposal, rung=0))
        if own == learned or evaluation.status is not Status.COMPLETE:
            return as_seen
        return replace(as_seen, status=Status.PRUNED, rung=own)

    def _learned_from(self, known: Known) -> int:
        """Return the highest rung with enough values; the lowest if none has."""
        for rung in range(self._rungs.top, 0, -1):
            own = (seen for (_, level), seen in known.evaluations.items() if level == rung)
            if sum(seen.number is not None for seen in own) >= self._enough:
                return rung
        return 0
