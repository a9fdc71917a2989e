"""The tables beside the page, as files: with nothing rounded or left out."""

from collections.abc import Iterator

import pandas as pd

from hyperspool.master.analysis.answers.answer import Answer
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.exports.ablation_table import written_table
from hyperspool.master.analysis.exports.formats import TableFormat
from hyperspool.master.analysis.measures.ablation import ablation_rows
from hyperspool.master.analysis.measures.settings import settings_table


def table_files(data: StudyData, found: list[Answer]) -> dict[str, bytes]:
    """The content of each file, by its name. A table in several formats has the same name before its ending."""
    tables = {f"{name}.csv": table.to_csv(index=False) for name, table in _tables(data, found)}
    return {name: text.encode() for name, text in [*tables.items(), *_written_tables(data)]}


def _tables(data: StudyData, found: list[Answer]) -> Iterator[tuple[str, pd.DataFrame]]:
    yield "trials", data.trials
    yield "curves", data.curves
    yield "settings", settings_table(data)
    for number, answer in enumerate(found, start=1):
        if answer.table is not None:
            yield f"answer-{number}", answer.table


def _written_tables(data: StudyData) -> Iterator[tuple[str, str]]:
    """Tables in formats that papers and web pages use directly, by file name."""
    if rows := ablation_rows(data.spec, data.evaluations):
        for table_format in TableFormat:
            yield f"ablation{table_format.suffix}", written_table(data.spec, rows, table_format)
