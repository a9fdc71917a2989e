"""Tables and lines that show trials, workers and studies in a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hyperspool.common.records import Status
from hyperspool.master.results.front import Front
from hyperspool.master.results.settings import RankedSetting
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import counted, first_line, measured_text, params_text
from hyperspool.master.search.known import loss_of

if TYPE_CHECKING:
    import pandas as pd

RECENT = 5
"""The number of results that the view of a running study shows."""
STATUS_STYLES = {
    Status.COMPLETE: "green",
    Status.RUNNING: "cyan",
    Status.PENDING: "dim",
    Status.PRUNED: "yellow",
    Status.FAILED: "red",
}


def workers_table(standing: Standing) -> Table:
    """Return a table of what each worker does. A worker whose trial has its result is between trials."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("worker", "device", "trial", "epoch"):
        table.add_column(column, justify="left" if column in {"worker", "device"} else "right", style="cyan")
    for worker in standing.workers:
        is_running = not standing.is_idle(worker)
        of_all = f"/{worker.epochs}" if standing.spec.budget else ""
        epoch = f"{worker.epoch}{of_all}" if is_running else ""
        rung = f" rung {worker.rung or 0}" if standing.rungs else ""
        state = f"{worker.trial}{rung}" if is_running else "idle" if worker.trial is None else "between trials"
        silent = " (silent)" if worker.worker in standing.silent else ""
        row = (worker.worker + silent, first_line(worker.device), state, epoch)
        table.add_row(*map(Text, row), style="red" if silent else None)
    return table


def counts_text(standing: Standing) -> Text:
    """Return the nonzero counts by status: `32 complete, 2 running, 6 pending`; before them whether it is paused."""
    parts = [Text("paused", style="bold yellow")] if standing.is_paused else []
    parts += [
        Text(f"{count} {status.value.lower()}", style=STATUS_STYLES[status])
        for status, count in standing.counts.items()
        if count
    ]
    return Text(", ").join(parts)


def rung_lines(standing: Standing) -> list[Text]:
    """Return a line for each rung of successive halving, and one for its cost; none without halving."""
    found = standing.by_rung()
    return [Text(sentence, style="dim") for sentence in found.sentences()] if found else []


def incumbent_text(standing: Standing) -> Text:
    """Describe the incumbent, or the front of several objectives, on one line."""
    if front := standing.front:
        return _front_text(standing, front)
    best = standing.incumbent
    if best is None:
        is_broken = any(standing.broken.values())
        return Text("no trial keeps every constraint yet" if is_broken else "no trial is complete yet")
    value, where = _value_and_trial(best)
    basis = f" ({best.basis})" if best.basis else ""
    measure = standing.spec.objective.measure_name
    return Text.assemble(f"best {measure} ", (value, "bold green"), f"{basis} {where}: {params_text(best.params)}")


def _front_text(standing: Standing, front: Front) -> Text:
    if not front.evaluations:
        return Text("no trial is on the front yet")
    parts: list[Text] = []
    for place, goal in enumerate(standing.spec.objectives or ()):
        best = min(front.evaluations, key=lambda seen: loss_of(seen.measured[place], goal.direction))
        value = (measured_text(best.measured[place]), "bold green")
        parts.append(Text.assemble(f"best {goal.measure} ", value, f" in trial {best.trial}"))
    return Text.assemble(f"a front of {counted(len(front.evaluations), 'trial')}: ", Text(", ").join(parts))


def _value_and_trial(best: RankedSetting) -> tuple[str, str]:
    """Return what the incumbent is ranked by, and a phrase that names its trial."""
    where = f"with trial {best.trial}'s params" if best.basis else f"in trial {best.trial}"
    return measured_text(best.best_known), where


def progress_row(standing: Standing, remark: str) -> Table:
    """Return a row with a progress bar, the number of finished evaluations, and a remark."""
    done, total = standing.progress
    row = Table.grid(padding=(0, 1))
    bar = ProgressBar(total=total, completed=done, width=40, complete_style="cyan")
    row.add_row(bar, f"{done}/{total}", Text(remark, style="dim"))
    return row


def text_table(headings: Sequence[str], rows: Iterable[Sequence[str]], names: int = 0) -> Table:
    """Return a table of right-aligned numbers.

    Args:
        headings: the columns' headings.
        rows: the rows' cells.
        names: how many of the first columns hold names: these are left-aligned, and wrap first if space is short.
    """
    table = Table(box=None, padding=(0, 2, 0, 0))
    for place, heading in enumerate(headings):
        is_name = place < names
        table.add_column(heading, justify="left" if is_name else "right", no_wrap=bool(names) and not is_name)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def cells_table(cells: "pd.DataFrame") -> Table:
    """Return a data frame of texts as a table; its first column holds names."""
    return text_table([str(name) for name in cells], cells.to_numpy().tolist(), names=1)


def titles_table(kind: str, titles: Mapping[str, str]) -> Table:
    """Return a table of studies, each with its title, for `studies`."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(kind, style="bold")
    table.add_column("what it is")
    for name, title in titles.items():
        table.add_row(name, title)
    return table


def studies_table(standings: Sequence[Standing]) -> Table:
    """Return a table of all studies of a folder, one per row, for `status`."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    # Folded, not cut: names of studies often differ only at their end.
    table.add_column("study", overflow="fold")
    for heading in ("done", "counts", "best"):
        table.add_column(heading)
    for standing in standings:
        done = "/".join(map(str, standing.progress))
        incumbent, front = standing.incumbent, standing.front
        best = " ".join(_value_and_trial(incumbent)) if incumbent else "-"
        if incumbent and front:
            best = f"a front of {counted(len(front.evaluations), 'trial')}"
        table.add_row(standing.spec.name, done, counts_text(standing), best)
    return table
