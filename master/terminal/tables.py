"""How trials, workers and studies look in a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hyperspool.common.objectives import measure_name
from hyperspool.common.records import Result, Status
from hyperspool.master.results.finalists import Finalist
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import counted, first_line, measured_text, params_text

if TYPE_CHECKING:
    import pandas as pd

RECENT = 5
"""Results that a view of a running study shows."""
STATUS_STYLES = {
    Status.COMPLETE: "green",
    Status.RUNNING: "cyan",
    Status.PENDING: "dim",
    Status.PRUNED: "yellow",
    Status.FAILED: "red",
}


def workers_table(standing: Standing) -> Table:
    """What each worker does. One whose trial has its result already is on its way to the next."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("worker", "device", "trial", "epoch"):
        table.add_column(column, justify="left" if column in {"worker", "device"} else "right", style="cyan")
    for worker in standing.workers:
        is_running = not standing.is_idle(worker)
        epoch = f"{worker.epoch}/{worker.epochs}" if is_running else ""
        state = str(worker.trial) if is_running else "idle" if worker.trial is None else "between trials"
        told = " (silent)" if worker.worker in standing.silent else ""
        row = (worker.worker + told, first_line(worker.device), state, epoch)
        table.add_row(*map(Text, row), style="red" if told else None)
    return table


def counts_text(standing: Standing) -> Text:
    """The counts by status that are not zero: `32 complete, 2 running, 6 pending`."""
    parts = [
        Text(f"{count} {status.value.lower()}", style=STATUS_STYLES[status])
        for status, count in standing.counts.items()
        if count
    ]
    return Text(", ").join(parts)


def incumbent_text(standing: Standing) -> Text:
    """The incumbent on one line."""
    best = standing.incumbent
    if best is None:
        return Text("no trial is complete yet")
    confirmed = standing.confirmed()
    value, where = _best_told(best, confirmed)
    how = f" (mean of {counted(confirmed[0].replicates, 'fresh replicate')})" if confirmed else ""
    measure = measure_name(standing.spec.objective.name)
    return Text.assemble(f"best {measure} ", (value, "bold green"), f"{how} {where}: {params_text(best.params)}")


def _best_told(best: Result, confirmed: Sequence[Finalist]) -> tuple[str, str]:
    """The incumbent's value, of a confirmed one the mean of what confirmed it; and which trial that is."""
    if confirmed:
        return measured_text(confirmed[0].mean), f"with trial {best.trial}'s params"
    return measured_text(best.value), f"in trial {best.trial}"


def progress_row(standing: Standing, told: str) -> Table:
    """A bar of the trials that are done, their number, and a remark."""
    done, total = len(standing.results), standing.spec.all_trials
    row = Table.grid(padding=(0, 1))
    bar = ProgressBar(total=total, completed=done, width=40, complete_style="cyan")
    row.add_row(bar, f"{done}/{total}", Text(told, style="dim"))
    return row


def text_table(headings: Sequence[str], rows: Iterable[Sequence[str]], names: int = 0) -> Table:
    """Numbers in columns, as they are.

    Args:
        headings: of the columns.
        rows: the cells.
        names: so many first columns hold no numbers: they stand to the left, and are folded first where room is short.
    """
    table = Table(box=None, padding=(0, 2, 0, 0))
    for place, heading in enumerate(headings):
        is_name = place < names
        table.add_column(heading, justify="left" if is_name else "right", no_wrap=bool(names) and not is_name)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def cells_table(cells: "pd.DataFrame") -> Table:
    """A frame of texts as a table; its first column holds names."""
    return text_table([str(name) for name in cells], cells.to_numpy().tolist(), names=1)


def titles_table(kind: str, titles: Mapping[str, str]) -> Table:
    """Studies by name, each with what it is, as `studies` shows them."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(kind, style="bold")
    table.add_column("what it is")
    for name, title in titles.items():
        table.add_row(name, title)
    return table


def studies_table(standings: Sequence[Standing]) -> Table:
    """All studies of a folder, one a row, as `status` shows them."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("study", "done", "counts", "best"):
        table.add_column(column)
    for standing in standings:
        best = standing.incumbent
        told = " ".join(_best_told(best, standing.confirmed())) if best else "-"
        table.add_row(
            standing.spec.name, f"{len(standing.results)}/{standing.spec.all_trials}", counts_text(standing), told
        )
    return table
