"""A picture of a running study that fits its window: what matters first, and the newest results fill the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from hyperspool.common.outcome import Finished
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.terminal.trials_table import TrialsTable
from hyperspool.master.terminal.workers_table import WorkersTable

Lines = list[list[Segment]]
LEAST_RESULTS = 4
"""Lines that workers leave to the results, heading and column names included."""
RESULTS_BELOW_PARAMS = 12
"""The same, if the params of running trials are shown too."""
UNBOUNDED = 1_000_000
HEADING_AND_REST = 3
"""Lines of a table of workers that are no worker: a blank one, the heading, and how many are left out."""
SPARE = 1
"""Lines that stay free, so that the window does not scroll."""


@dataclass(frozen=True)
class FittedPicture:
    """The parts of a picture.

    Attributes:
        head: the lines at the top.
        workers: what the workers do; in a low window without the params of their trials.
        advice: a line below them; empty: none.
        is_fitted: it has at most as many lines as the window; False: everything is shown.
        results: newest first; as many are shown as there is room for.
        spec: the study.
    """

    head: Sequence[RenderableType]
    workers: WorkersTable
    results: Sequence[Finished]
    spec: StudySpec
    advice: str = ""
    is_fitted: bool = True

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        height = max(options.max_height - SPARE, 1) if self.is_fitted else UNBOUNDED
        options = options.update(height=None)
        head = [line for part in self.head for line in _lines(console, options, part)]
        workers = self._worker_lines(console, options, height - len(head))
        lines = head + workers
        if self.advice:
            lines += [[], *_lines(console, options, Text(self.advice, style="yellow"))]
        lines += self._result_lines(console, options, height - len(lines))
        for line in lines[:height]:
            yield from line
            yield Segment.line()

    def _worker_lines(self, console: Console, options: ConsoleOptions, room: int) -> Lines:
        if not self.workers.rows:
            return []
        for form, for_results in ((self.workers, RESULTS_BELOW_PARAMS), (self.workers.brief(), LEAST_RESULTS)):
            lines = _lines(console, options, form)
            if len(lines) < room - for_results:
                return [[], *lines]
        shown = max(room - LEAST_RESULTS - HEADING_AND_REST, 1)
        left_out = Text(f"and {len(self.workers.rows) - shown} more workers", style="dim")
        return [[], *_lines(console, options, self.workers.brief(shown)), *_lines(console, options, left_out)]

    def _result_lines(self, console: Console, options: ConsoleOptions, room: int) -> Lines:
        heading = [[], *_lines(console, options, Text("the last results, newest first", style="bold"))]
        low, high = 0, min(len(self.results), room)
        best: Lines = []
        while low < high:  # the most results whose lines fit
            count = (low + high + 1) // 2
            lines = heading + _lines(console, options, TrialsTable(self.results[:count], self.spec))
            if len(lines) <= room:
                low, best = count, lines
            else:
                high = count - 1
        return best


def _lines(console: Console, options: ConsoleOptions, part: RenderableType) -> Lines:
    return console.render_lines(part, options, pad=False)
