"""What trials printed, for the page: the last lines of those that came to no good end, and of the best."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice

from hyperspool.common.attempts import read_history
from hyperspool.common.errors import ProtocolError
from hyperspool.common.issues import EvaluationName
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.output import find_log, last_lines_of
from hyperspool.common.records import Status
from hyperspool.master.analysis.page.render import ShownOutput
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import first_line, measured_text

TROUBLED_SHOWN = 20
BEST_SHOWN = 5
LINES_SHOWN = 20
Ended = tuple[EvaluationName, str]
"""An evaluation, and how it ended or where it is."""


def shown_outputs(folder: StudyFolder, standing: Standing) -> tuple[ShownOutput, ...]:
    """The last lines of troubled trials, at most `TROUBLED_SHOWN`, then of the best ones.

    Troubled are first the FAILED ones, then open ones of which an attempt died, then the PRUNED ones. Trials that
    printed nothing are left out.

    Args:
        folder: of the study.
        standing: of the study.
    """
    troubled = chain(_of_status(standing, Status.FAILED), _died(folder, standing), _of_status(standing, Status.PRUNED))
    best = (_ended(standing.result_of(each)) for each in standing.best(BEST_SHOWN))
    return tuple(_with_output(folder, chain(islice(troubled, TROUBLED_SHOWN), best)))


def _of_status(standing: Standing, status: Status) -> Iterator[Ended]:
    return (_ended(result) for _, result in sorted(standing.results.items()) if result.status is status)


def _ended(result: Finished) -> Ended:
    pruned = "PRUNED at " if result.status is Status.PRUNED else ""
    ending = first_line(result.failure.message) if result.failure else f"{pruned}{measured_text(result.value)}"
    return EvaluationName(result.trial, result.rung), ending


def _died(folder: StudyFolder, standing: Standing) -> Iterator[Ended]:
    latest = {issue.evaluation: issue for issue in folder.locked_issues()}
    for issue in (issue for evaluation, issue in latest.items() if evaluation not in standing.results):
        with suppress(OSError, ProtocolError):  # the trial just ended, or what lies there is not a lock file
            for loss in read_history(folder.lock(issue)).ended_losses[-1:]:
                yield issue.evaluation, f"attempt {loss.attempt} on {loss.worker}: {first_line(loss.reason)}"


def _with_output(folder: StudyFolder, trials: Iterator[Ended]) -> Iterator[ShownOutput]:
    for evaluation, ending in trials:
        log = find_log(folder, evaluation)
        if log and (lines := last_lines_of(log, LINES_SHOWN)):
            yield ShownOutput(f"Trial {evaluation.trial}: {ending}", "\n".join(lines))
