"""The workers of a study, by their heartbeats."""

from collections.abc import Iterable
from contextlib import suppress

from hyperspool.common.errors import ProtocolError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.shared_folder import time_by


def read_workers(folder: StudyFolder) -> Iterable[WorkerRecord]:
    """Read the workers' heartbeats, sorted by worker. Unreadable ones are skipped."""
    for path in folder.worker_files():
        with suppress(OSError, ProtocolError):
            record = read_record(path, WorkerRecord)
            if path == folder.worker(record.worker):  # else it is a copy of another worker's file
                yield record


def silent_workers(folder: StudyFolder, workers: Iterable[WorkerRecord], stale_s: float) -> set[str]:
    """The names of workers whose last beat is older than `stale_s` by the file server's clock.

    Precise enough to show to a user. The master decides by `Silence` instead.
    """
    known = list(workers)
    now_s = time_by(folder.workers) if known else 0.0
    return {record.worker for record in known if _age_s(folder, record, now_s) > stale_s}


def _age_s(folder: StudyFolder, record: WorkerRecord, now_s: float) -> float:
    try:
        return now_s - folder.worker(record.worker).stat().st_mtime
    except OSError:  # it has just left
        return 0.0
