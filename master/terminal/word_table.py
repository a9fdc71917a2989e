"""A table that breaks its cells between words alone, whatever the width of the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

GAP = 2
"""Blanks between two columns."""


@dataclass(frozen=True)
class Heading:
    """The heading of a column, and how its cells are shown.

    Attributes:
        label: the heading.
        is_name: its cells are texts: aligned to the left, and wrapped if space is short.
        style: of its cells in a terminal.
    """

    label: str
    is_name: bool = False
    style: str = ""


@dataclass
class WordTable:
    """A table of short texts and numbers.

    Headings and columns of names are wrapped between words until the table fits. If it still does not fit, each row
    becomes a paragraph with a line per cell.

    Attributes:
        headings: of the columns.
        rows: the cells of each row.
        styles: a style for each row; rows beyond them have none.
    """

    headings: Sequence[Heading]
    rows: list[Sequence[Text]] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)

    def add(self, *cells: str | Text, style: str = "") -> None:
        """Add a row. A str is plain text: it is not read as markup."""
        self.rows.append([cell if isinstance(cell, Text) else Text(cell) for cell in cells])
        self.styles.append(style)

    @property
    def natural_width(self) -> int:
        """The width at which nothing is wrapped."""
        return sum(self._natural_widths()) + GAP * len(self.headings)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the form that fits the console."""
        widths = self._widths(options.max_width)
        if widths is None:
            yield from self._paragraphs()
        else:
            yield self._table(widths)

    def _widths(self, available: int) -> list[int] | None:
        """The width of each column; None if no widths fit."""
        columns, widths = self._columns(), self._natural_widths()
        least = [
            max(_longest_word(cells[0]), *map(_longest_word if heading.is_name else _width, cells[1:]), 1)
            for heading, cells in zip(self.headings, columns, strict=True)
        ]
        excess = sum(widths) + GAP * len(widths) - available
        while excess > 0:
            place = max(range(len(widths)), key=lambda place: widths[place] - least[place])
            if widths[place] <= least[place]:
                return None
            widths[place] -= 1
            excess -= 1
        return widths

    def _natural_widths(self) -> list[int]:
        return [max(map(_width, cells)) for cells in self._columns()]

    def _columns(self) -> list[list[Text]]:
        """The cells of each column, its heading first."""
        return [
            [Text(heading.label), *(row[place] for row in self.rows)] for place, heading in enumerate(self.headings)
        ]

    def _table(self, widths: Sequence[int]) -> Table:
        table = Table(box=None, padding=(0, GAP, 0, 0))
        for heading, width in zip(self.headings, widths, strict=True):
            table.add_column(
                Text(heading.label), justify="left" if heading.is_name else "right", width=width, style=heading.style
            )
        for row, style in zip(self.rows, self.styles, strict=True):
            table.add_row(*row, style=style)
        return table

    def _paragraphs(self) -> RenderResult:
        for row, style in zip(self.rows, self.styles, strict=True):
            first, *rest = zip(self.headings, row, strict=True)
            yield Text.assemble(f"{first[0].label} ", first[1], style=style)
            for heading, cell in rest:
                if cell.plain:
                    yield Padding(Text.assemble(f"{heading.label} ", cell, style=style), (0, 0, 0, GAP), expand=False)


def _width(cell: Text) -> int:
    return max(map(cell_len, cell.plain.split("\n")))


def _longest_word(cell: Text) -> int:
    return max(map(cell_len, cell.plain.split()), default=0)
