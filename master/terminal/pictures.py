"""What `status` shows: one study or all studies, once or repeatedly."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import broken_counts_text, codes_text, earlier_text, stopped_text
from hyperspool.master.terminal.console import output
from hyperspool.master.terminal.tables import (
    RECENT,
    counts_text,
    incumbent_text,
    progress_row,
    rung_lines,
    studies_table,
    workers_table,
)
from hyperspool.master.terminal.trials_table import TrialsTable

Picture = RenderableType
WATCH_S = 2.0
"""Seconds between two refreshes."""


def standing_view(standing: Standing) -> RenderableType:
    """Return what `status STUDY` shows."""
    parts: list[RenderableType] = [
        Text.assemble((standing.spec.name, "bold"), f"  {standing.spec.title}"),
        progress_row(standing, ""),
        counts_text(standing),
        *rung_lines(standing),
        incumbent_text(standing),
    ]
    if stopped := stopped_text(standing.stopped):
        parts.append(Text(stopped))
    if earlier := earlier_text(standing.earlier):
        parts.append(Text(earlier))
    if broken := broken_counts_text(standing.broken):
        parts.append(Text(broken))
    if codes := codes_text(standing.codes):
        parts.append(Text(codes, style="yellow"))
    if standing.workers:
        parts += ["", workers_table(standing)]
    if recent := standing.latest(RECENT):
        parts += ["", "the last results", TrialsTable(recent, standing.spec)]
    return Group(*parts)


def studies_view(standings: Sequence[Standing], root: Path) -> Picture:
    """Return what `status` shows: all studies of a folder."""
    return studies_table(standings) if standings else Text(f"no study in {root.absolute()} yet")


def watch_picture(picture: Callable[[], Picture]) -> None:
    """Refresh a picture until Ctrl-C: in place in a terminal, else each below the one before."""
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        live = stack.enter_context(Live(console=output, auto_refresh=False)) if output.is_terminal else None
        while True:
            if live:
                live.update(picture(), refresh=True)
            else:
                output.print(picture(), "")
            time.sleep(WATCH_S)
