"""What `export` can write. Apart from the export itself, so that the command line need not load pandas to offer it."""

from enum import StrEnum


class ExportFormat(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    TXT = "txt"
