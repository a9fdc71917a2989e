"""What trials printed, for the page: the last lines of those that failed, and of the best."""

from collections.abc import Iterable, Iterator

from hyperspool.common.issues import EvaluationName
from hyperspool.common.layout import StudyFolder
from hyperspool.common.output import find_log, last_lines_of
from hyperspool.common.records import Result
from hyperspool.master.analysis.page.render import ShownOutput
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import first_line, measured_text

FAILED_SHOWN = 20
BEST_SHOWN = 5
LINES_SHOWN = 20


def shown_outputs(folder: StudyFolder, standing: Standing) -> tuple[ShownOutput, ...]:
    """The last lines of the first failed trials, then of the best ones. Trials that printed nothing are left out.

    Args:
        folder: of the study.
        standing: of the study.
    """
    failed = [result for _, result in sorted(standing.results.items()) if result.failure][:FAILED_SHOWN]
    return tuple(_with_output(folder, [*failed, *standing.best(BEST_SHOWN)]))


def _with_output(folder: StudyFolder, results: Iterable[Result]) -> Iterator[ShownOutput]:
    for result in results:
        log = find_log(folder, EvaluationName(result.trial, result.rung))
        if log and (lines := last_lines_of(log, LINES_SHOWN)):
            yield ShownOutput(f"Trial {result.trial}: {_ending(result)}", "\n".join(lines))


def _ending(result: Result) -> str:
    return first_line(result.failure.message) if result.failure else measured_text(result.value)
