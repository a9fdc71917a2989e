"""The workers of a study, by their heartbeats."""

from collections.abc import Iterable
from contextlib import suppress

from hyperspool.common.errors import ProtocolError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record


def read_workers(folder: StudyFolder) -> Iterable[WorkerRecord]:
    """Read the workers' heartbeats, sorted by worker. Unreadable ones are skipped."""
    for path in folder.worker_files():
        with suppress(OSError, ProtocolError):
            record = read_record(path, WorkerRecord)
            if path == folder.worker(record.worker):  # else it is a copy of another worker's file
                yield record


def age_s(folder: StudyFolder, record: WorkerRecord, now_s: float) -> float:
    """The seconds since a worker's last beat; 0 if its file is gone.

    Args:
        folder: the study's folder.
        record: of the worker.
        now_s: the time by the file server's clock.
    """
    # Precise enough to show to a user. The master decides by `Silence` instead.
    try:
        return now_s - folder.worker(record.worker).stat().st_mtime
    except OSError:
        return 0.0
