"""What exports and tables are written as. Apart from what writes them: the command line needs no pandas to offer it."""

from enum import StrEnum
from pathlib import Path


class ExportFormat(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    TXT = "txt"


class TableFormat(StrEnum):
    """What a table is written as."""

    MARKDOWN = "markdown"
    CSV = "csv"
    LATEX = "latex"

    @property
    def suffix(self) -> str:
        """How the names of such files end."""
        return {TableFormat.MARKDOWN: ".md", TableFormat.CSV: ".csv", TableFormat.LATEX: ".tex"}[self]

    @classmethod
    def of(cls, file: Path) -> "TableFormat":
        """What a file of such a name holds; Markdown if its name does not tell."""
        return next((kind for kind in cls if kind.suffix == file.suffix), cls.MARKDOWN)
