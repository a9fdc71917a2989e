"""The table of an ablation's test cases: as a data frame, and written as Markdown, CSV or LaTeX."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hyperspool.common import atomic
from hyperspool.common.records import scalar_text
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.columns import params_column
from hyperspool.master.analysis.exports.export import check_out
from hyperspool.master.analysis.exports.formats import TableFormat
from hyperspool.master.analysis.measures.ablation import Row
from hyperspool.master.analysis.measures.intervals import Interval
from hyperspool.master.analysis.measures.settings import label_of
from hyperspool.master.results.wording import first_line, measured_text, signed_text

KINDS = {"base": "", "single": "one at a time", "cumulative": "together"}
TEXTS = {"test case", "improvements"}
"""Columns of text, which are aligned to the left."""
GAIN_INTERVAL = "95% interval of the gain"
BAR = r"\|"
"""A bar inside a cell of a Markdown table, where a plain bar would end the cell."""
NUMBER = re.compile(r"([-+]?\d+(?:\.\d+)?)(?:e([-+]?\d+))?")


def ablation_frame(spec: StudySpec, rows: Sequence[Row]) -> pd.DataFrame:
    """The table as numbers, one row per test case.

    Columns: case, kind (base, single, cumulative), params_<name> of the tuned parameters, replicates, mean, mean_low,
    mean_high, gain, gain_low, gain_high. Numbers that do not exist are missing. A gain above 0 is better than the base.
    """
    return pd.DataFrame([_numbers(row, _tuned_names(spec, rows)) for row in rows])


def ablation_cells(spec: StudySpec, rows: Sequence[Row]) -> pd.DataFrame:
    """The table for people: numbers as text, and each interval in one column."""
    names = _tuned_names(spec, rows)
    return pd.DataFrame(
        [
            {
                "test case": first_line(row.case.name),
                "improvements": KINDS[row.case.kind],
                **{f"best {label_of(spec, name)}": _tuned_text(row, name) for name in names},
                "mean": measured_text(row.mean),
                "95% interval": _span(row.interval),
                "gain": signed_text(row.gain),
                GAIN_INTERVAL: _span(row.gain_interval, is_signed=True),
                "replicates": str(len(row.fresh.finite)),
            }
            for row in rows
        ]
    )


def short_cells(spec: StudySpec, rows: Sequence[Row]) -> pd.DataFrame:
    """The table for people, reduced to fit a terminal: without kinds, the means' intervals and replicate counts."""
    cells = ablation_cells(spec, rows).drop(columns=["improvements", "95% interval", "replicates"])
    return cells.rename(columns={GAIN_INTERVAL: "95% interval"})


def write_table(spec: StudySpec, rows: Sequence[Row], table_format: TableFormat, out: Path) -> None:
    """Write the table to a file. An existing file is replaced.

    Raises:
        UsageError: the file's folder does not exist, or the name is that of a folder.
    """
    check_out(out)
    atomic.replace(out, written_table(spec, rows, table_format).encode(), durable=False)


def written_table(spec: StudySpec, rows: Sequence[Row], table_format: TableFormat) -> str:
    """The table as the text of a file."""
    match table_format:
        case TableFormat.CSV:
            return str(ablation_frame(spec, rows).to_csv(index=False))
        case TableFormat.MARKDOWN:
            return _markdown(ablation_cells(spec, rows))
        case TableFormat.LATEX:
            return _latex(ablation_cells(spec, rows))


def _markdown(cells: pd.DataFrame) -> str:
    names = [str(name) for name in cells]
    rule = ["---" if name in TEXTS else "---:" for name in names]
    lines: list[list[str]] = [names, rule, *cells.to_numpy().tolist()]
    return "".join(f"| {' | '.join(cell.replace('|', BAR) for cell in line)} |\n" for line in lines)


def _latex(cells: pd.DataFrame) -> str:
    numbers: dict[Any, Any] = {name: _in_mathematics for name in cells if name not in TEXTS}
    styled = cells.style.hide(axis="index").format(numbers, escape="latex").format_index(escape="latex", axis="columns")
    columns = "".join("l" if name in TEXTS else "r" for name in cells)
    return f"% needs \\usepackage{{booktabs}}\n{styled.to_latex(column_format=columns, hrules=True)}"


def _in_mathematics(text: str) -> str:
    """A cell with its numbers in LaTeX's mathematics, which has real minus signs and powers of ten."""
    return NUMBER.sub(lambda found: f"${found[1]}{_power(found[2])}$", text)


def _power(exponent: str | None) -> str:
    return f" \\times 10^{{{int(exponent)}}}" if exponent else ""


def _tuned_names(spec: StudySpec, rows: Sequence[Row]) -> list[str]:
    """The parameters that at least one case tunes, in the study's order."""
    return [name for name, _ in spec.space.items() if any(name in row.tuned for row in rows)]


def _numbers(row: Row, names: Sequence[str]) -> dict[str, Any]:
    mean, gain = row.interval, row.gain_interval
    return {
        "case": row.case.name,
        "kind": row.case.kind,
        **{params_column(name): row.tuned.get(name) for name in names},
        "replicates": len(row.fresh.finite),
        "mean": row.mean,
        "mean_low": mean.low if mean else None,
        "mean_high": mean.high if mean else None,
        "gain": row.gain,
        "gain_low": gain.low if gain else None,
        "gain_high": gain.high if gain else None,
    }


def _tuned_text(row: Row, name: str) -> str:
    return first_line(scalar_text(row.tuned[name])) if name in row.tuned else "-"


def _span(interval: Interval | None, *, is_signed: bool = False) -> str:
    text = signed_text if is_signed else measured_text
    return f"{text(interval.low)} to {text(interval.high)}" if interval else "-"
