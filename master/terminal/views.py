"""The view of a running study: a live picture in a terminal, else one line per result."""

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from hyperspool.common.invocation import command_line, place_of
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.printable import printable
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.progress import ProgressReader
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import (
    broken_text,
    duration_text,
    first_line,
    outcome_text,
    outcome_texts,
    params_text,
)
from hyperspool.master.terminal.fitted import FittedPicture
from hyperspool.master.terminal.pictures import MOST_RESULTS
from hyperspool.master.terminal.tables import progress_row, standing_lines
from hyperspool.master.terminal.workers_table import workers_table

ALONE_S = 3.0
"""Seconds without a worker before the master prints how to start one."""
REDRAW_S = 0.5
"""The least seconds between two drawings of the live view without news."""
PAUSE_PER_DRAWING = 10
"""The live view pauses at least so many times as long as it took to draw."""


class Pace:
    """Measures how fast results arrive, and estimates the time left.

    Args:
        clock: monotonic time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began_s = clock()
        self._evaluating_s = self._began_s
        self._landed = 0

    def landed(self, result: Finished) -> None:
        """Count a result. The pace counts from the start of the first evaluation, because workers may start late."""
        if not self._landed:
            self._evaluating_s = max(self._clock() - result.times.evaluation_s, self._began_s)
        self._landed += 1

    @property
    def elapsed_s(self) -> float:
        """Seconds since this object was made, when the master began to wait."""
        return self._clock() - self._began_s

    def left_s(self, standing: Standing) -> float | None:
        """Estimated seconds until the study is finished, at the pace so far; None before the first result."""
        if not self._landed:
            return None
        seconds_each = (self._clock() - self._evaluating_s) / self._landed
        done, total = standing.progress
        return seconds_each * (total - done)


def waiting_for_workers(root: Path) -> str:
    """Say that no worker is running and how to start one."""
    return f"waiting for workers; start one in another terminal: {command_line('worker', *place_of(root))}"


def result_line(standing: Standing, result: Finished, total: int) -> str:
    """Describe a result of a standing on one line, with its own place among all: several may land at once.

    Args:
        standing: of the study.
        result: one of its last results.
        total: how many evaluations there will be.
    """
    after = next(count for count, key in enumerate(reversed(standing.results)) if key == result.evaluation)
    count = len(standing.results) - after
    rung = f" rung {result.rung}" if standing.rungs else ""
    done = f"[{count:>{len(str(total))}}/{total}] trial {result.trial:>{len(str(total - 1))}}{rung}"
    where = f"{duration_text(result.seconds)} on {result.attribution.worker}"
    why = f": {first_line(result.failure.message)}" if result.failure else ""
    return f"{done}  {_outcome(result, standing.spec)}  {params_text(result.params)}  {where}{why}"


def _outcome(result: Finished, spec: StudySpec) -> str:
    texts = outcome_texts(result, spec)
    measured = ", ".join(f"{name} {text}" if spec.objectives else text for name, text in texts.items() if text)
    broken = broken_text(result, spec)
    return f"{outcome_text(result) if result.failure else measured}{f', breaks {broken}' if broken else ''}"


class PlainView:
    """Prints one line per result; for logs and pipes."""

    def __init__(self, console: Console, spec: StudySpec, root: Path) -> None:
        self._console, self._spec, self._root = console, spec, root
        self._has_advised = False
        self._pace = Pace()
        self._counted = self._total = 0
        self._is_plain = not console.is_terminal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def landed(self, standing: Standing, result: Finished) -> None:
        """Print the result."""
        # Of several that landed together, the first one counts for all: with rungs, counting takes a look at each.
        if self._counted != len(standing.results):
            self._counted, self._total = len(standing.results), standing.progress[1]
        line = result_line(standing, result, self._total)
        if self._is_plain:  # without all that rich does for a terminal, which takes longer than a trial may cost
            self._console.file.write(f"{printable(line)}\n")
            self._console.file.flush()
        else:
            self._console.print(Text(line), soft_wrap=True)

    def tick(self, standing: Standing) -> None:
        """Print once how to start a worker, if none is running."""
        if not self._has_advised and _is_alone(standing, self._pace):
            self._has_advised = True
            self._console.print(Text(waiting_for_workers(self._root)), soft_wrap=True)


class LiveView:
    """Redraws a picture in place that fits the window: progress, time left, incumbent, workers, the last results."""

    def __init__(self, console: Console, spec: StudySpec, root: Path) -> None:
        self._console, self._spec, self._root = console, spec, root
        self._pace = Pace()
        self._progress = ProgressReader(StudyFolder(root, spec.name))
        self._drawn_s, self._took_s = float("-inf"), 0.0
        self._live = Live(console=console, auto_refresh=False, transient=True, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def landed(self, standing: Standing, result: Finished) -> None:
        """Count the result for the time left, and draw it."""
        self._pace.landed(result)
        if standing.latest(1)[-1] is result:  # of several that landed together, the last one draws them all
            self._draw_after(0.0, standing)

    def tick(self, standing: Standing) -> None:
        """Redraw, but no more often than a person sees."""
        self._draw_after(REDRAW_S, standing)

    def _draw_after(self, pause_s: float, standing: Standing) -> None:
        # With ten thousand results a picture takes a second, and a master has more to do than to draw.
        if time.monotonic() - self._drawn_s < max(pause_s, PAUSE_PER_DRAWING * self._took_s):
            return
        began_s = time.monotonic()
        self._live.update(self._picture(standing), refresh=True)
        self._drawn_s = time.monotonic()
        self._took_s = self._drawn_s - began_s

    def _picture(self, standing: Standing) -> FittedPicture:
        left_s = self._pace.left_s(standing)
        left = f", {duration_text(left_s)} left" if left_s is not None else ""
        head: list[RenderableType] = [
            progress_row(standing, f"{duration_text(self._pace.elapsed_s)} gone{left}"),
            *standing_lines(standing, is_plain=self._console.options.ascii_only),
        ]
        advice = waiting_for_workers(self._root) if _is_alone(standing, self._pace) else ""
        results = list(reversed(standing.latest(MOST_RESULTS)))
        return FittedPicture(head, workers_table(standing, self._progress.of), results, self._spec, advice)


def _is_alone(standing: Standing, pace: Pace) -> bool:
    is_loading = standing.loading or any(worker.state == "loading" for worker in standing.workers)
    return pace.elapsed_s >= ALONE_S and not standing.alive and not is_loading
