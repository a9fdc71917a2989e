"""What `status` shows: one study or all studies, once or repeatedly."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from hyperspool.common.asked import Note
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.master.results.notes import note_text
from hyperspool.master.results.progress import Progress
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.state import StudyState
from hyperspool.master.terminal.console import output
from hyperspool.master.terminal.fitted import FittedPicture
from hyperspool.master.terminal.tables import progress_row, standing_lines, studies_table
from hyperspool.master.terminal.workers_table import workers_table

RECENT = 5
"""The number of results that `status` shows once; repeated in a terminal, it fills the window."""
MOST_RESULTS = 200
"""More than any window has lines."""
Picture = RenderableType
WATCH_S = 2.0
"""Seconds between two refreshes."""
NOTES_SHOWN = 5


def standing_view(
    standing: Standing,
    state: StudyState | None = None,
    progress_of: Callable[[WorkerRecord], Progress] | None = None,
    notes: Sequence[Note] = (),
    *,
    queue: str = "",
    is_fitted: bool = False,
) -> FittedPicture:
    """Return what `status STUDY` shows.

    Args:
        standing: of the study.
        state: whether it runs, and since when.
        progress_of: reads how far a worker is; None: the heartbeats alone are shown.
        notes: what people noted, the oldest first; the newest are shown.
        queue: what its workers do in schedulers' queues, in words.
        is_fitted: fill the window with results, and no more.
    """
    head: list[RenderableType] = [
        Text.assemble((standing.spec.name, "bold"), f"  {standing.spec.title}"),
        *([Text(state.sentence)] if state else []),
        *([Text(queue)] if queue else []),
        progress_row(standing, ""),
        *standing_lines(standing, is_plain=output.options.ascii_only),
    ]
    if notes:
        head += ["", Text("notes", style="bold"), *(Text(note_text(note)) for note in notes[-NOTES_SHOWN:])]
    results = list(reversed(standing.latest(MOST_RESULTS if is_fitted else RECENT)))
    return FittedPicture(head, workers_table(standing, progress_of), results, standing.spec, is_fitted=is_fitted)


def studies_view(found: Sequence[tuple[Standing, StudyState]], root: Path) -> Picture:
    """Return what `status` shows: all studies of a folder."""
    return studies_table(found) if found else Text(f"no study in {root.absolute()} yet")


def watch_picture(picture: Callable[[], tuple[Picture, bool]]) -> None:
    """Refresh a picture until Ctrl-C: in place in a terminal, else each below the one before.

    Args:
        picture: returns the next picture, and whether it is the last one.
    """
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        live = stack.enter_context(Live(console=output, auto_refresh=False)) if output.is_terminal else None
        is_last = False
        while not is_last:
            shown, is_last = picture()
            if live:
                live.update(shown, refresh=True)
            else:
                output.print(shown, "")
            if not is_last:
                time.sleep(WATCH_S)
