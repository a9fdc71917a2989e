"""The formats of exports and tables. They are kept apart from the writers, so that the command line needs no pandas."""

from enum import StrEnum
from pathlib import Path


class ExportFormat(StrEnum):
    """The format of an export."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    TXT = "txt"
    OPTUNA = "optuna"
    TENSORBOARD = "tensorboard"
    MLFLOW = "mlflow"
    WANDB = "wandb"

    @property
    def suffix(self) -> str:
        """The ending of its file's or folder's name."""
        return {ExportFormat.TXT: ".zip", ExportFormat.OPTUNA: ".journal"}.get(self, f".{self}")

    @property
    def is_of_a_tool(self) -> bool:
        """Whether another tool shows it, which knows trials without a result."""
        return self.is_folder or self is ExportFormat.OPTUNA

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of another tool's files, which is made by an extra of this project."""
        return self in {ExportFormat.TENSORBOARD, ExportFormat.MLFLOW, ExportFormat.WANDB}


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
