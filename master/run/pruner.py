"""Asks workers to end running trials that the study's rule gives up, from the curves in the folder."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress

from hyperspool.common.curve import read_curve
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.errors import ProtocolError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import AttemptName, EvaluationKey, EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Status
from hyperspool.common.stops import ask_to_stop, remove_used_stops
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.pruning import Losses, losses, verdict


class Pruner:
    """The rule of one study, and the curves of its COMPLETE trials. Only the study's master may use one.

    What it decides depends on when it looks, so it is not repeated by a replay; the results are what counts.

    Args:
        folder: the study's folder.
        spec: the study; without `pruning` nothing is ever asked.
    """

    def __init__(self, folder: StudyFolder, spec: StudySpec) -> None:
        self._folder, self._spec, self._rule = folder, spec, spec.pruning
        self._complete: dict[int, Losses] = {}
        self._seen: dict[AttemptName, int] = {}
        self._asked: set[Issue] = set()

    def landed(self, results: Sequence[Finished]) -> None:
        """Learn from results, and remove the stop files of their evaluations."""
        if self._rule is None:
            return
        asked = {issue.evaluation for issue in self._asked}
        for result in results:
            if result.status is Status.COMPLETE:
                with suppress(OSError, ProtocolError):  # a curve that is lost cannot be compared with
                    self._complete[result.trial] = self._losses(self._curve_of(result))
        if any(result.evaluation in asked for result in results):
            remove_used_stops(self._folder)

    def look(self, running: Iterable[WorkerRecord], is_open: Collection[EvaluationKey]) -> None:
        """Look at the trials that came further since the last time; ask for the end of those that are given up.

        Args:
            running: the workers that evaluate a trial.
            is_open: the evaluations without a result.

        Raises:
            OSError: the folder refuses a stop file.
        """
        if self._rule is None:
            return
        for worker in running:
            attempt = _attempt_of(worker)
            if attempt is None or attempt.issue in self._asked or attempt.issue.evaluation not in is_open:
                continue
            if (worker.epoch or 0) > self._seen.get(attempt, 0):
                self._seen[attempt] = worker.epoch or 0
                self._judge(attempt)

    def _judge(self, attempt: AttemptName) -> None:
        try:
            own = self._losses(read_curve(self._folder.running_curve(attempt), is_running=True))
        except (OSError, ProtocolError):  # it has just ended
            return
        trial = attempt.issue.trial
        others = {other: curve for other, curve in self._complete.items() if other != trial}
        if self._rule and (reason := verdict(self._rule, own, others)):
            ask_to_stop(self._folder, attempt.issue, reason)
            self._asked.add(attempt.issue)

    def _curve_of(self, result: Finished) -> list[EpochRecord]:
        try:
            return read_curve(self._folder.curve(*result.evaluation))
        except FileNotFoundError:  # its worker has reported, and has not cleared yet
            issue = Issue(*result.evaluation, result.issue)
            return read_curve(self._folder.running_curve(AttemptName(issue, result.attempt)))

    def _losses(self, curve: list[EpochRecord]) -> Losses:
        metric = self._spec.objective.epoch_metric or ""
        return losses([record.metric(metric) for record in curve], self._spec.objective.direction)


def _attempt_of(worker: WorkerRecord) -> AttemptName | None:
    if worker.trial is None or not worker.attempt:
        return None
    return AttemptName(Issue(*EvaluationName(worker.trial, worker.rung or 0), worker.issue or 1), worker.attempt)
