"""The report's page: what stands on it, and how it becomes one HTML file that needs nothing else."""

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
from hyperspool.master.results.wording import measured_text

MISSING = "-"
SHOWN_ROWS = 60
"""Rows of a table that the page shows; its CSV file has them all."""
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
"""Columns of measured values, which people compare digit by digit."""
UNITS = {"_s": " (s)", "_share": " (share)"}


@dataclass(frozen=True)
class Fact:
    """A number at the top of the page, and what it is."""

    value: str
    label: str


@dataclass(frozen=True)
class Column:
    """A table's column: text is set to the left, numbers to the right."""

    label: str
    is_text: bool


@dataclass(frozen=True)
class ShownTable:
    """A table as people read it, and what it leaves out."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: str = ""


@dataclass(frozen=True)
class ShownFigure:
    """A figure inside the page.

    Attributes:
        name: of its files, and its anchor.
        title: its heading.
        caption: what it says in words.
        svg: its SVG file in base64.
        width: in CSS pixels.
        height: in CSS pixels.
    """

    name: str
    title: str
    caption: str
    svg: str
    width: int
    height: int


@dataclass(frozen=True)
class Section:
    """Figures that answer one kind of question."""

    title: str
    figures: tuple[ShownFigure, ...]


@dataclass(frozen=True)
class ShownAnswer:
    """A question, its answer, and the numbers behind it."""

    question: str
    sentences: tuple[str, ...]
    table: ShownTable | None


@dataclass(frozen=True)
class Page:
    """Everything on the page, in its order."""

    name: str
    title: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    best: ShownTable | None
    fixed: str
    answers: tuple[ShownAnswer, ...]
    sections: tuple[Section, ...]
    settings: ShownTable | None
    made: tuple[str, ...]
    study_json: str


def render(page: Page) -> str:
    """The page as HTML. All text is escaped: params and messages are whatever a study's author or a worker wrote."""
    source = (resources.files("hyperspool.master") / "analysis" / "page" / "page.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, finalize=_as_text
    )
    return environment.from_string(source).render(page=page)


def _as_text(value: object) -> object:
    # What a macro has rendered is Markup: its parts have been through here.
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def shown_table(frame: pd.DataFrame, labels: dict[str, str], max_rows: int = SHOWN_ROWS) -> ShownTable:
    """A data frame as people read it: measured values with four decimals, other numbers with four significant digits.

    Args:
        frame: its index is not shown.
        labels: column to heading, where the column's own name will not do.
        max_rows: how many of the first rows are shown.
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
    left_out = f"{hidden} more rows are in the CSV file." if hidden > 0 else ""
    return ShownTable(columns, rows, left_out)


def heading(column: str) -> str:
    """A column's name as people read it: `params_batch_size` is `batch size`, `makespan_s` is `makespan (s)`."""
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
    """A measured value, with as many decimals as the others of its column."""
    return MISSING if pd.isna(value) else measured_text(float(value))


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    scalar = value.item() if hasattr(value, "item") else value
    return scalar_text(scalar) if isinstance(scalar, bool | int | float | str) else str(scalar)
