"""A study as a file of Optuna's journal storage, which `optuna-dashboard FILE` opens and `optuna.load_study` reads."""

import json
from collections.abc import Iterable
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.exports.optuna_study import optuna_study

WRITER = "hyperspool"
"""The writer in every line. Optuna's own names differ from process to process, and with them the file's bytes."""


class _Lines(BaseJournalBackend):
    """Keeps the operations of a journal in memory."""

    def __init__(self) -> None:
        self.logs: list[dict[str, Any]] = []

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        return self.logs[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        self.logs += logs


def journal_lines(studies: Iterable[StudyData]) -> bytes:
    """Return the file of a journal that holds these studies."""
    lines = _Lines()
    storage = JournalStorage(lines)
    for data in studies:
        optuna_study(data, storage)
    return "".join(f"{json.dumps(log | {'worker_id': WRITER}, separators=(',', ':'))}\n" for log in lines.logs).encode()
