"""How trials, workers and studies look in a terminal."""

from collections.abc import Iterable, Mapping, Sequence

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hyperspool.common.objectives import measure_name
from hyperspool.common.records import Result, Status, scalar_text
from hyperspool.common.space import Params
from hyperspool.master.standing import Confirmed, Standing

RECENT = 5
"""Results that a view of a running study shows."""
MAX_LINE = 300
"""Characters that are shown of a text from elsewhere."""
STATUS_STYLES = {
    Status.COMPLETE: "green",
    Status.RUNNING: "cyan",
    Status.PENDING: "dim",
    Status.PRUNED: "yellow",
    Status.FAILED: "red",
}


def value_text(value: float | None) -> str:
    """A measured value as people compare them: four decimals, or four significant digits if it is tiny or huge."""
    if value is None:
        return "-"
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e4 else f"{value:.4g}"  # noqa: PLR2004 - what reads well


def signed_text(value: float | None) -> str:
    """A difference of measured values with its sign, to their decimals: `+0.0123`; a dash if there is none."""
    if value is None:
        return value_text(None)
    return f"{value:+.4f}" if 5e-5 <= abs(value) < 1e4 or value == 0 else f"{value:+.4g}"  # noqa: PLR2004 - as above


def params_text(params: Params) -> str:
    """Params on one line: `num_filters=55 learning_rate=0.043`."""
    return " ".join(f"{name}={first_line(scalar_text(value))}" for name, value in params.items())


def duration_text(seconds: float) -> str:
    """A duration in the units that people use for its size: `0.04 s`, `4.2 s`, `12 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 10:  # noqa: PLR2004 - below ten seconds, fractions matter
        return f"{seconds:.{1 if seconds >= 1 else 2}f} s"
    whole = round(seconds)
    minutes, hours = whole // 60, whole // 3600
    if not minutes:
        return f"{whole} s"
    return f"{minutes} min {whole % 60:02} s" if not hours else f"{hours} h {minutes % 60:02} min"


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 trial`, `40 trials`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def first_line(text: str) -> str:
    """The first line of a text from elsewhere, without characters that would move a terminal's cursor."""
    line = text.splitlines()[0] if text.strip() else "no reason given"
    return "".join(character if character.isprintable() else "?" for character in line)[:MAX_LINE]


def outcome_text(result: Result) -> str:
    """What came of a trial, in a word or a number."""
    if result.failure:
        return f"FAILED ({result.failure.kind.replace('_', ' ')})"
    return f"{value_text(result.value)} diverged" if result.diverged else value_text(result.value)


def workers_table(standing: Standing) -> Table:
    """What each worker does. One whose trial has its result already is on its way to the next."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("worker", "device", "trial", "epoch"):
        table.add_column(column, justify="left" if column in {"worker", "device"} else "right", style="cyan")
    for worker in standing.workers:
        is_running = worker.trial is not None and worker.trial not in standing.results
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


def _best_told(best: Result, confirmed: Sequence[Confirmed]) -> tuple[str, str]:
    """The incumbent's value, of a confirmed one the mean of what confirmed it; and which trial that is."""
    if confirmed:
        return value_text(confirmed[0].mean), f"with trial {best.trial}'s params"
    return value_text(best.value), f"in trial {best.trial}"


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
