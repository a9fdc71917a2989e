"""Notices that every trial fails in the same way: then the search stops, before it has spent all of them."""

import re
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from hyperspool.common.errors import SearchError
from hyperspool.common.invocation import command_line, place_of
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Failure, FailureKind
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import counted, first_line
from hyperspool.master.run.loop import View

COUNTED = frozenset({FailureKind.EXCEPTION, FailureKind.WORKER_LOST})
"""Failures that a mistake in the code causes. Time limits and full memories depend on the params."""
ENOUGH = 8
"""So many in a row happen by chance once in 256 searches of a space of which half fails."""
TRACEBACK_LINES = 3
"""From the last frame on: its place and its line of code."""


class AllFailedAlikeError(SearchError):
    """The first trials of a run have all failed in the same way.

    Args:
        found: what they failed of, and where to see more.
        advice: how to go on.
    """

    def __init__(self, found: str, advice: str = "start again with --new. The same command goes on") -> None:
        super().__init__(f"{found}\nMend the cause, then {advice} with the trials that are left.")
        self.found = found


class AlikeFailures:
    """Counts the failures of a run that are alike. It looks at this run only, so a study can be gone on with.

    Args:
        spec: the study.
        workers: how many the run starts; 0: nobody knows how many there are.
    """

    def __init__(self, spec: StudySpec, workers: int) -> None:
        self._needed = max(min(spec.batch, max(workers, ENOUGH)), 2)
        self._failures: list[Failure] = []
        self._first_trial = 0
        self._has_others = False

    def add(self, standing: Standing, result: Finished) -> None:
        """Take in a result of this run."""
        self._has_others = self._has_others or any(other.value is not None for other in standing.results.values())
        if result.failure is None or (self._failures and _like(result.failure) != _like(self._failures[0])):
            self._has_others = True
        elif not self.are_enough:
            self._first_trial = self._first_trial if self._failures else result.trial
            self._failures.append(result.failure)

    @property
    def are_enough(self) -> bool:
        """Whether the search should stop."""
        are_all = not self._has_others and len(self._failures) >= self._needed
        return are_all and self._failures[0].kind in COUNTED

    def error(self, folder: StudyFolder) -> AllFailedAlikeError:
        """What to say when the search has stopped for that."""
        failure = self._failures[0]
        trace = (failure.traceback or "").rstrip().splitlines()
        frame = max((number for number, line in enumerate(trace) if line.startswith("  File ")), default=len(trace))
        lines = "".join(f"\n  {first_line(line)}" for line in trace[frame : frame + TRACEBACK_LINES] if line.strip())
        shown = command_line("master", "show", folder.name, str(self._first_trial), *place_of(folder.root))
        return AllFailedAlikeError(
            f"the first {counted(len(self._failures), 'trial')} all FAILED in the same way, so the search has stopped: "
            f"{first_line(failure.message)}{lines}\n"
            f"All that is known of the first: {shown}"
        )


class Watched(AbstractContextManager["Watched"]):
    """A view that passes on what it shows, and counts failures that are alike.

    Args:
        view: what a person sees.
        alike: the failures of the run.
    """

    def __init__(self, view: AbstractContextManager[View], alike: AlikeFailures) -> None:
        self._view, self._alike = view, alike

    def __enter__(self) -> Self:
        self._shown = self._view.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return self._view.__exit__(kind, error, traceback)

    def landed(self, standing: Standing, result: Finished) -> None:
        """Show a result, and count it."""
        self._shown.landed(standing, result)
        self._alike.add(standing, result)

    def tick(self, standing: Standing) -> None:
        """Show the progress."""
        self._shown.tick(standing)


def _like(failure: Failure) -> tuple[FailureKind, str]:
    """What failures that are alike have in common. The message of a lost process names workers and attempts."""
    message = "" if failure.kind is FailureKind.WORKER_LOST else re.sub(r"\d+", "#", failure.message.split("\n")[0])
    return failure.kind, message
