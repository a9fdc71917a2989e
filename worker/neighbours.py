"""Finds out from the heartbeats which other workers compute on this host or this device now."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hyperspool.common.claim import Claimant
from hyperspool.common.errors import ProtocolError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.layout import study_folders
from hyperspool.common.reading import read_record

LIVE_S = 15.0
"""A worker beats every 2 s or more often. A heartbeat that is older than ours by more than this is a dead worker's."""


def busy_neighbours(root: Path, me: Claimant, gpu: str | None = None) -> list[str]:
    """Return the names of the other workers that evaluate a trial on this host.

    Ages are differences between the heartbeats' times. The file server stamps all of these, so no host's clock matters.
    Programs that are not workers of this shared folder are not seen.

    Args:
        root: the shared folder; the workers of every study count.
        me: this worker; its own heartbeat is fresh.
        gpu: count only workers on this GPU. An index and a UUID count as the same GPU, because only the driver knows
            whether they are.
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
