"""Replicates: each setting is evaluated several times, which separates its effect from chance."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from hyperspool.common.records import Status
from hyperspool.master.search.known import Evaluation, Known, Proposal, as_setting
from hyperspool.master.search.sampler import Sampler
from hyperspool.master.search.settings import mean_of, mean_violations


class Replicated:
    """Evaluates each setting of another search method several times in a row, and gives that method the means.

    The other method sees a setting as finished once all of its replicates are finished. A batch may end between two
    replicates of a setting.

    Args:
        inner: the search method; it sees each setting as a trial.
        replicates: the number of evaluations of each setting.
    """

    def __init__(self, inner: Sampler, replicates: int) -> None:
        self._inner, self._replicates = inner, replicates

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the missing replicates of settings that were begun, then the other method's next settings."""
        by_setting = _by_setting(known)
        begun = [own for own in by_setting.values() if len(own) < self._replicates]
        wanted = [self._replicate(own[0], number) for own in begun for number in range(len(own), self._replicates)]
        missing = -(-(count - len(wanted)) // self._replicates)
        if missing > 0:
            settings = self._inner.suggest(missing, of_settings(known, self._replicates))
            wanted += [self._replicate(setting, number) for setting in settings for number in range(self._replicates)]
        return [
            replace(each, trial=trial, params=dict(each.params))
            for trial, each in enumerate(wanted[:count], start=known.next_trial)
        ]

    def _replicate(self, setting: Proposal, number: int) -> Proposal:
        stage = replace(setting.stage, replicate=number)
        return replace(setting, stage=stage)


def of_settings(known: Known, replicates: int) -> Known:
    """Return what is known of settings: each is one evaluation, pending until all of its replicates are finished."""
    evaluations: list[Evaluation] = []
    pending: list[Proposal] = []
    for own in _by_setting(known).values():
        finished = [known.evaluations[each.key] for each in own if each.key in known.evaluations]
        if len(finished) == replicates:
            evaluations.append(_settled(finished))
        else:
            pending.append(as_setting(own[0]))
    return Known(evaluations, pending)


def _by_setting(known: Known) -> dict[int, list[Proposal]]:
    by_setting: defaultdict[int, list[Proposal]] = defaultdict(list)
    for proposal in known.proposals():
        by_setting[proposal.stage.setting].append(proposal)
    return by_setting


def _settled(replicates: Sequence[Evaluation]) -> Evaluation:
    """Return a setting as one evaluation. It diverged only if every replicate with a value diverged."""
    valued = [seen for seen in replicates if seen.number is not None]
    mean = mean_of(replicates)
    status = Status.COMPLETE if mean is not None else replicates[0].status
    has_diverged = bool(valued) and all(seen.diverged for seen in valued)
    violations = mean_violations(replicates)
    return Evaluation(as_setting(replicates[0].proposal), status, mean, has_diverged, violations=violations)
