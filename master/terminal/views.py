"""How a running study looks: a live picture in a terminal, one line per result where there is none."""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from hyperspool.common.invocation import command_line, place_of
from hyperspool.common.records import Result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import duration_text, first_line, outcome_text, params_text
from hyperspool.master.terminal.tables import RECENT, counts_text, incumbent_text, progress_row, workers_table
from hyperspool.master.terminal.trials_table import TrialsTable

ALONE_S = 3.0
"""Seconds without any worker before the master says how to start one."""


class Pace:
    """How fast results come in, and so how long the rest will take.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began_s = clock()
        self._evaluating_s = self._began_s
        self._landed = 0

    def landed(self, result: Result) -> None:
        """Count a result. Time counts from when the first one's evaluation began: workers may come late."""
        if not self._landed:
            self._evaluating_s = max(self._clock() - result.times.evaluation_s, self._began_s)
        self._landed += 1

    @property
    def elapsed_s(self) -> float:
        """Seconds since the master started."""
        return self._clock() - self._began_s

    def left_s(self, standing: Standing) -> float | None:
        """Seconds until the study is finished if it goes on like this; None before the first result."""
        if not self._landed:
            return None
        seconds_each = (self._clock() - self._evaluating_s) / self._landed
        return seconds_each * (standing.spec.all_trials - len(standing.results))


def waiting_for_workers(root: Path) -> str:
    """What to do if nobody evaluates."""
    return f"waiting for workers; start one in another terminal: {command_line('worker', *place_of(root))}"


def result_line(standing: Standing, result: Result) -> str:
    """One result on one line."""
    total = standing.spec.all_trials
    done = f"[{len(standing.results):>{len(str(total))}}/{total}] trial {result.trial:>{len(str(total - 1))}}"
    where = f"{duration_text(result.seconds)} on {result.attribution.worker}"
    why = f": {first_line(result.failure.message)}" if result.failure else ""
    return f"{done}  {outcome_text(result)}  {params_text(result.params)}  {where}{why}"


class PlainView:
    """One line per result; for logs and pipes."""

    def __init__(self, console: Console, spec: StudySpec, root: Path) -> None:
        self._console, self._spec, self._root = console, spec, root
        self._is_alone_told = False
        self._pace = Pace()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def landed(self, standing: Standing, result: Result) -> None:
        """Print the result."""
        self._console.print(Text(result_line(standing, result)), soft_wrap=True)

    def tick(self, standing: Standing) -> None:
        """Say once if there is no worker."""
        if not self._is_alone_told and _is_alone(standing, self._pace):
            self._is_alone_told = True
            self._console.print(Text(waiting_for_workers(self._root)), soft_wrap=True)


class LiveView:
    """A picture that is redrawn in place: progress, incumbent, workers, the last results, the time left."""

    def __init__(self, console: Console, spec: StudySpec, root: Path) -> None:
        self._console, self._spec, self._root = console, spec, root
        self._pace = Pace()
        self._recent: deque[Result] = deque(maxlen=RECENT)
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def landed(self, standing: Standing, result: Result) -> None:  # noqa: ARG002 - a view's common interface
        """Add the result to the picture."""
        self._pace.landed(result)
        self._recent.append(result)

    def tick(self, standing: Standing) -> None:
        """Redraw."""
        self._live.update(self._picture(standing), refresh=True)

    def _picture(self, standing: Standing) -> RenderableType:
        left_s = self._pace.left_s(standing)
        left = f", {duration_text(left_s)} left" if left_s is not None else ""
        progress = progress_row(standing, f"{duration_text(self._pace.elapsed_s)} gone{left}")
        parts: list[RenderableType] = [progress, counts_text(standing), incumbent_text(standing)]
        if standing.workers:
            parts += ["", workers_table(standing)]
        if _is_alone(standing, self._pace):
            parts += ["", Text(waiting_for_workers(self._root), style="yellow")]
        if self._recent:
            parts += ["", TrialsTable(list(self._recent), self._spec)]
        return Group(*parts)


def _is_alone(standing: Standing, pace: Pace) -> bool:
    return pace.elapsed_s >= ALONE_S and not standing.alive
