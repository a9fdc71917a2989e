"""Tables and lines that show trials, workers and studies in a terminal."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hyperspool.common.records import Status
from hyperspool.master.results.front import Front
from hyperspool.master.results.settings import RankedSetting
from hyperspool.master.results.software import difference_sentences
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.state import StudyState
from hyperspool.master.results.wording import (
    broken_counts_text,
    counted,
    earlier_text,
    measured_text,
    params_text,
    stopped_text,
)
from hyperspool.master.search.known import loss_of
from hyperspool.master.terminal.sparkline import sparkline
from hyperspool.master.terminal.word_table import Heading, WordTable

if TYPE_CHECKING:
    import pandas as pd

BEST_CELLS = 48
STATUS_STYLES = {
    Status.COMPLETE: "green",
    Status.RUNNING: "cyan",
    Status.PENDING: "dim",
    Status.PRUNED: "yellow",
    Status.FAILED: "red",
}


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
    """Return a line for each rung or generation, and one for its cost; none if every trial gets the whole budget."""
    found = standing.by_rung()
    return [Text(sentence, style="dim") for sentence in found.sentences()] if found else []


def standing_lines(standing: Standing, *, is_plain: bool = False) -> list[Text]:
    """Return the lines on a study's results: counts, rungs, the best so far, and what is odd about them.

    Args:
        standing: of the study.
        is_plain: use ASCII alone.
    """
    sentences = [
        Text(stopped_text(standing.stopped)),
        Text(broken_counts_text(standing.broken)),
        *(Text(sentence, style="yellow") for sentence in difference_sentences(standing.software)),
        Text(earlier_text(standing.earlier)),
    ]
    best = best_line(standing, is_plain=is_plain)
    lines = [counts_text(standing), *rung_lines(standing), incumbent_text(standing), *([best] if best else [])]
    return [*lines, *(sentence for sentence in sentences if sentence.plain)]


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


def best_line(standing: Standing, *, is_plain: bool = False) -> Text | None:
    """Return the best value so far as a sparkline, in the order of the results; None before it has changed once."""
    values = standing.best_so_far()
    if len(set(values)) < 2:  # noqa: PLR2004 - a line takes two points
        return None
    ends = f"{measured_text(values[0])} -> {measured_text(values[-1])}"
    line = sparkline(values, BEST_CELLS, is_plain=is_plain)
    return Text.assemble("best so far ", (line, "green"), f" {ends}")


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


def text_table(headings: Sequence[str], rows: Iterable[Sequence[str]], names: Container[int] = ()) -> WordTable:
    """Return a table of right-aligned numbers.

    Args:
        headings: the columns' headings.
        rows: the rows' cells.
        names: the places of the columns that hold names.
    """
    table = WordTable([Heading(label, is_name=place in names) for place, label in enumerate(headings)])
    for row in rows:
        table.add(*row)
    return table


def cells_table(cells: "pd.DataFrame") -> WordTable:
    """Return a data frame of texts as a table; its first column holds names."""
    return text_table([str(name) for name in cells], cells.to_numpy().tolist(), names={0})


def titles_table(kind: str, titles: Mapping[str, str]) -> WordTable:
    """Return a table of studies, each with its title, for `studies`."""
    table = WordTable([Heading(kind, is_name=True, style="bold"), Heading("what it is", is_name=True)])
    for name, title in titles.items():
        table.add(name, title)
    return table


def studies_table(found: Sequence[tuple[Standing, StudyState]]) -> WordTable:
    """Return a table of all studies of a folder, one per row, for `status`."""
    # Names are not cut: those of studies often differ only at their end.
    table = WordTable([Heading(label, is_name=True) for label in ("study", "state", "done", "counts", "best")])
    for standing, state in found:
        done = "/".join(map(str, standing.progress))
        incumbent, front = standing.incumbent, standing.front
        best = " ".join(_value_and_trial(incumbent)) if incumbent else "-"
        if incumbent and front:
            best = f"a front of {counted(len(front.evaluations), 'trial')}"
        table.add(standing.spec.name, state.phase.value, done, counts_text(standing), best)
    return table
