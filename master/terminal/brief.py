"""What `Study.run` shows: a live picture in a terminal, a bar in a notebook, lines elsewhere; then a few lines."""

import sys
import time
from pathlib import Path
from typing import Any, Self

from rich.console import Console

from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import counted, duration_text, stopped_text
from hyperspool.master.terminal.console import Terminal
from hyperspool.master.terminal.summary import failures_text
from hyperspool.master.terminal.tables import counts_text, incumbent_text
from hyperspool.master.terminal.views import LiveView, Pace, PlainView

BAR_CELLS = 30
REDRAW_S = 0.5
"""The least seconds between two drawings of a notebook's bar: each is a message to the browser."""


class QuietView:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def landed(self, standing: Standing, result: Finished) -> None:
        """Show nothing."""

    def tick(self, standing: Standing) -> None:
        """Show nothing."""


class NotebookView(QuietView):
    """Draws one line in a notebook's output, and draws it again in place."""

    def __init__(self) -> None:
        self._pace = Pace()
        self._handle: Any = None
        self._shown = ""
        self._drawn_s = float("-inf")
        self._standing: Standing | None = None

    def __exit__(self, *_: object) -> None:
        if self._standing:  # as it is now: the run may end between two drawings
            self._draw(self._standing, is_last=True)

    def landed(self, standing: Standing, result: Finished) -> None:
        """Count the result for the time left."""
        self._pace.landed(result)
        self._draw(standing)

    def tick(self, standing: Standing) -> None:
        """Draw what changed."""
        self._draw(standing)

    def _draw(self, standing: Standing, *, is_last: bool = False) -> None:
        self._standing, now_s = standing, time.monotonic()
        if now_s - self._drawn_s < REDRAW_S and not is_last:
            return
        self._drawn_s = now_s
        text = self._line(standing)
        if text != self._shown:
            self._shown = text
            self._handle = _redrawn(self._handle, text)

    def _line(self, standing: Standing) -> str:
        done, total = standing.progress
        filled = BAR_CELLS * done // total
        left_s = self._pace.left_s(standing)
        left = f", {duration_text(left_s)} left" if left_s else ""
        bar = "█" * filled + "░" * (BAR_CELLS - filled)
        best = f"; {incumbent_text(standing).plain}" if standing.incumbent else ""
        return f"{bar} {done}/{total}, {duration_text(self._pace.elapsed_s)} gone{left}; {counts_text(standing)}{best}"


def view_for(console: Console, spec: StudySpec, root: Path) -> LiveView | PlainView | NotebookView:
    """Return the view that suits where this process prints."""
    if console.is_jupyter and "IPython" in sys.modules:
        return NotebookView()
    return (LiveView if console.is_terminal else PlainView)(console, spec, root)


def print_end(console: Terminal, folder: StudyFolder, standing: Standing, elapsed_s: float) -> None:
    """Print how a run ended: the counts, the reasons of failures, and the incumbent."""
    stopped = "" if standing.is_finished else "stopped; everything is kept, and the same call goes on: "
    counts = counts_text(standing).plain
    console.say(f"{stopped}{counted(standing.total, 'trial')}: {counts}, in {duration_text(elapsed_s)}")
    if sentence := stopped_text(standing.stopped):
        console.say(sentence)
    if failed := [result for result in standing.results.values() if result.failure]:
        console.say(failures_text(folder, failed), "red")
    console.say(incumbent_text(standing))


def _redrawn(handle: Any, text: str) -> Any:
    display = sys.modules["IPython"].display
    shown = {"text/plain": text}
    if handle is None:
        return display.display(shown, raw=True, display_id=True)
    handle.update(shown, raw=True)
    return handle
