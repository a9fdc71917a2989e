"""Suggests in which order a batch begins: the trials that will take longest come first.

A batch ends when its last trial does. If that is a long one that began last, the other workers wait for it. The master
therefore predicts from what it has measured, and writes a hint (`common.batch_order`): before it publishes a batch, and
again while it waits for a large one. Proposals, numbers and results are the same with and without it.

Source of the rule: Graham 1969, Bounds on Multiprocessing Timing Anomalies, SIAM J. Appl. Math. 17 (longest processing
time first is at most a third above the best order; any order may be at twice the best).
"""

from collections.abc import Iterable

from hyperspool.common.batch_order import write_order
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Job
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.durations import LEAST, Durations

FEWEST = 3
"""Two jobs begin together, or in any order take the same time."""
WORTH_S = 0.5
"""The mean evaluation must take this long: what the order saves of a batch is about one evaluation's time, and a fit
costs some milliseconds."""
GROWTH = 1.5
"""While a batch runs, the order is predicted anew when so many times as many evaluations are measured."""
EQUAL = 0.1
"""If no prediction exceeds another one by this share, the order stays as it is."""


class LongestFirst:
    """The suggested order of one study. Only the study's master may use one.

    Args:
        folder: the study's folder.
        spec: the study. One that is asynchronous has few open jobs, and gets no order.
    """

    def __init__(self, folder: StudyFolder, spec: StudySpec) -> None:
        self._folder, self._spec = folder, spec
        self._durations = Durations(spec.space)
        self._epochs: dict[EvaluationKey, int] = {}
        self._due = LEAST

    def landed(self, result: Finished) -> None:
        """Learn from a result."""
        self._durations.add(result)
        if result.can_be_promoted:
            self._epochs[result.evaluation] = result.budget.epochs

    def suggest(self, jobs: Iterable[Job]) -> None:
        """Write the order of the awaited jobs, if it matters and something is known of it.

        Raises:
            OSError: the folder refuses the file.
        """
        if found := self.ordered(jobs):
            write_order(self._folder, (job.evaluation for job in found))

    def suggest_anew(self, jobs: Iterable[Job]) -> None:
        """Write the order again once enough more is known than when it was last written.

        Raises:
            OSError: the folder refuses the file.
        """
        if self.is_due:
            self.suggest(jobs)

    @property
    def is_due(self) -> bool:
        """Whether so much more is known than at the last prediction that another one pays."""
        return self._durations.count >= self._due

    def ordered(self, jobs: Iterable[Job]) -> list[Job]:
        """The jobs, longest first; none if it does not matter or nothing is known of it."""
        awaited = list(jobs)
        if len(awaited) < FEWEST or self._durations.mean_s < WORTH_S or self._spec.mode is not None:
            return []
        self._due = max(int(self._durations.count * GROWTH), LEAST)
        per_epoch_s = self._durations.predicted([job.params for job in awaited])
        if per_epoch_s is None:
            return []
        seconds = [each * self._epochs_of(job) for each, job in zip(per_epoch_s, awaited, strict=True)]
        if max(seconds) <= (1 + EQUAL) * min(seconds):
            return []
        ordered = sorted(zip(seconds, awaited, strict=True), key=lambda pair: (-pair[0], pair[1].evaluation))
        return [job for _, job in ordered]

    def _epochs_of(self, job: Job) -> int:
        """The epochs that a job is about: not those that the rung below it had."""
        before = 0 if job.continues is None else self._epochs.get((job.trial, job.continues), 0)
        return max(job.budget.epochs - before, 1)
