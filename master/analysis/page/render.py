"""The report's page: its content, and its rendering as one HTML file that needs no other file."""

import math
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from hyperspool.common.printable import printable
from hyperspool.common.records import scalar_text
from hyperspool.master.analysis.data.columns import METRICS
from hyperspool.master.analysis.page.assets import STYLES, policy, script, style
from hyperspool.master.results.wording import counted, measured_text

MISSING = "-"
SHOWN_ROWS = 60
"""Most rows of a table that the page shows. The table's CSV file has all rows."""
MEASURED = {
    "value",
    "validation_error",
    "best",
    "best_value",
    "median",
    "median of all",
    "min",
    "max",
    "mean",
    "low",
    "high",
    "25 %",
    "75 %",
}
"""Columns of measured values. They get a fixed number of decimals, because people compare them digit by digit."""
UNITS = {"_s": " (s)", "_share": " (share)"}


@dataclass(frozen=True)
class Fact:
    """A value at the top of the page, with its label."""

    value: str
    label: str


@dataclass(frozen=True)
class Column:
    """A table's column: text is aligned to the left, numbers to the right."""

    label: str
    is_text: bool


@dataclass(frozen=True)
class ShownTable:
    """A table as text for people, with a sentence on the rows that it leaves out."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: str = ""


@dataclass(frozen=True)
class ShownFigure:
    """A figure inside the page.

    Attributes:
        name: the name of its files, and its anchor in the page.
        title: its heading.
        caption: what it shows, in words.
        svg: its drawing as an SVG element.
        width: in CSS pixels.
        height: in CSS pixels.
        has_files: whether it is beside the page as PNG and SVG.
    """

    name: str
    title: str
    caption: str
    svg: Markup
    width: int
    height: int
    has_files: bool = True


@dataclass(frozen=True)
class Section:
    """Figures under one heading, which answer one kind of question."""

    title: str
    figures: tuple[ShownFigure, ...]


@dataclass(frozen=True)
class ShownAnswer:
    """A question, its answer, and the numbers behind it."""

    question: str
    sentences: tuple[str, ...]
    table: ShownTable | None


@dataclass(frozen=True)
class ShownOutput:
    """The last lines that a trial printed, under a title that says how it ended."""

    title: str
    lines: str


@dataclass(frozen=True)
class ShownTrials:
    """Every trial, finished or not.

    Attributes:
        table: as text, a row per trial, by number; the first column is the number, the second the status.
        numbers: of the trials, in that order.
        explanation: what the statuses mean, in sentences.
        json: the same trials for the page's script: what is in the table unrounded, details, and curves.
    """

    table: ShownTable
    numbers: tuple[int, ...]
    explanation: str
    json: Markup


@dataclass(frozen=True)
class Page:
    """The content of the page, in the order of the page.

    `best_of` is what `best` ranks: trials or settings; `remarks` are the notes that people wrote; `live_s` is after how
    many seconds the page reloads by itself; 0: never.
    """

    name: str
    title: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    best: ShownTable | None
    best_of: str
    fixed: str
    answers: tuple[ShownAnswer, ...]
    sections: tuple[Section, ...]
    settings: ShownTable | None
    trials: ShownTrials | None
    outputs: tuple[ShownOutput, ...]
    made: tuple[str, ...]
    study_json: str
    live_s: float = 0.0
    remarks: tuple[str, ...] = ()


def render(page: Page) -> str:
    """Render the page as HTML. All text is escaped, because params and messages come from authors and workers."""
    source = (resources.files("hyperspool.master") / "analysis" / "page" / "page.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, finalize=_as_text
    )
    parts = {"style": style(*STYLES), "dark": style("dark"), "script": script(), "policy": policy()}
    return environment.from_string(source).render(page=page, **parts)


def _as_text(value: object) -> object:
    # The output of a macro is Markup. Its parts have already been through this function.
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def shown_table(frame: pd.DataFrame, labels: dict[str, str], max_rows: int = SHOWN_ROWS) -> ShownTable:
    """Turn a data frame into text: measured values with four decimals, other numbers with four significant digits.

    Args:
        frame: the data; its index is not shown.
        labels: column to heading, for columns whose own name would read badly.
        max_rows: how many rows are shown, counted from the first.
    """
    kinds = {column: _is_number(frame[column]) for column in frame}
    columns = tuple(Column(labels.get(str(name)) or heading(str(name)), not kinds[name]) for name in frame)
    shown = frame.head(max_rows)
    texts = [value_cell if _is_measured(str(name)) else _cell for name in frame]
    rows = tuple(
        tuple(text(value) for text, value in zip(texts, row, strict=True))
        for row in shown.itertuples(index=False, name=None)
    )
    hidden = len(frame) - len(shown)
    left_out = f"The CSV file has {counted(hidden, 'more row')}." if hidden > 0 else ""
    return ShownTable(columns, rows, left_out)


def heading(column: str) -> str:
    """The heading of a column: `params_batch_size` becomes `batch size`, `makespan_s` becomes `makespan (s)`."""
    name = column.removeprefix("params_").removeprefix(METRICS)
    for ending, unit in UNITS.items():
        if name.endswith(ending):
            return name.removesuffix(ending).replace("_", " ") + unit
    return name.replace("_", " ")


def _is_number(column: "pd.Series[Any]") -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _is_measured(column: str) -> bool:
    return column.startswith("within ") or column.removeprefix("sim. ") in MEASURED


def value_cell(value: Any) -> str:
    """The text of a measured value, with as many decimals as the other values of its column."""
    return MISSING if pd.isna(value) else measured_text(float(value))


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    scalar = value.item() if hasattr(value, "item") else value
    return scalar_text(scalar) if isinstance(scalar, bool | int | float | str) else str(scalar)
