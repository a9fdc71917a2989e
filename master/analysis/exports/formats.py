"""The formats of exports and tables. They are kept apart from the writers, so that the command line needs no pandas."""

from enum import StrEnum
from pathlib import Path


class ExportFormat(StrEnum):
    """The format of an export."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    TXT = "txt"


class TableFormat(StrEnum):
    """The format of a table."""

    MARKDOWN = "markdown"
    CSV = "csv"
    LATEX = "latex"

    @property
    def suffix(self) -> str:
        """The ending of such files' names."""
        return {TableFormat.MARKDOWN: ".md", TableFormat.CSV: ".csv", TableFormat.LATEX: ".tex"}[self]

    @classmethod
    def of(cls, file: Path) -> "TableFormat":
        """The format by the ending of a file's name; Markdown for an unknown ending."""
        return next((kind for kind in cls if kind.suffix == file.suffix), cls.MARKDOWN)
