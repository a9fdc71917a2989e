"""Who else computes on this host or this device now, told by the heartbeats."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hyperspool.common.claim import Claimant
from hyperspool.common.errors import ProtocolError
from hyperspool.common.layout import study_folders
from hyperspool.common.reading import read_record
from hyperspool.common.records import WorkerRecord

LIVE_S = 15.0
"""A worker beats every 2 s or more often; a heartbeat that is older than ours by more is a dead worker's."""


def busy_neighbours(root: Path, me: Claimant, gpu: str | None = None) -> list[str]:
    """The other workers that evaluate a trial on this host, by name.

    Ages are differences between the heartbeats' times, all of which the file server stamps, so no host's clock matters.
    A program that is no worker of this shared folder is not seen.

    Args:
        root: the shared folder; the workers of every study count.
        me: this worker; its own heartbeat is fresh.
        gpu: only those that compute on this GPU. Whether an index and a UUID mean the same one cannot be told from
            here; they count as the same.
    """
    found = list(_heartbeats(root))
    mine_s = max((written_s for record, written_s in found if record.worker == me.worker), default=float("-inf"))
    return sorted(
        {
            record.worker
            for record, written_s in found
            if record.worker != me.worker
            and record.host == me.host
            and record.state == "running"
            and written_s > mine_s - LIVE_S
            and (gpu is None or _may_be_same(record.gpu, gpu))
        }
    )


def _heartbeats(root: Path) -> Iterator[tuple[WorkerRecord, float]]:
    with suppress(OSError):
        for folder in study_folders(root):
            for path in folder.worker_files():
                with suppress(OSError, ProtocolError):
                    yield read_record(path, WorkerRecord), path.stat().st_mtime


def _may_be_same(theirs: str | None, ours: str) -> bool:
    return theirs is not None and (theirs == ours or theirs.isdecimal() != ours.isdecimal())
