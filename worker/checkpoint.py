"""Checkpoints: bytes with a digest, replaced whole, so that a torn or foreign checkpoint is recognised and skipped.

The file holds a digest, the length of the curve's text in 8 bytes, that text, and the bytes that the objective saved.
The digest covers the rest of the file and its owner (study, trial, params, seeds), so another trial's checkpoint is
skipped too. Checkpoints are not flushed to disk: after a power cut the trial starts over, which costs time only.
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.curve import parse_curve, to_text
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.errors import ProtocolError
from hyperspool.common.reading import open_to_read, read_bytes
from hyperspool.common.records import Job, Result

DIGEST_BYTES = 32
LENGTH_BYTES = 8
MAX_CHECKPOINT_BYTES = 2 * 2**30
"""Limits memory: a checkpoint is read whole, and is held twice for a moment."""
CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class Checkpoint:
    """The state that an attempt leaves for the next one.

    Attributes:
        payload: the objective's own bytes; only the objective can read them.
        curve: the epochs that were reported before the save.
    """

    payload: bytes
    curve: tuple[EpochRecord, ...] = ()


def save_checkpoint(path: Path, checkpoint: Checkpoint, job: Job) -> None:
    """Write a job's checkpoint, or replace it.

    Raises:
        OSError: the disk is full or gone; an earlier checkpoint at `path` is untouched.
        ValueError: the checkpoint is too large to be read again.
    """
    curve = to_text(checkpoint.curve).encode()
    parts = (len(curve).to_bytes(LENGTH_BYTES, "big"), curve, checkpoint.payload)
    size_bytes = DIGEST_BYTES + sum(map(len, parts))
    if size_bytes > MAX_CHECKPOINT_BYTES:
        raise ValueError(f"a checkpoint of {size_bytes} bytes, expected at most {MAX_CHECKPOINT_BYTES}")
    atomic.replace(path, b"".join((_digest((_owner(job), *parts)), *parts)), durable=False)


def read_checkpoints(paths: Iterable[Path], owner: Job | Result) -> Iterable[Checkpoint]:
    """Yield the checkpoints that exist, are whole and belong to their owner's trial, in the order of `paths`.

    Args:
        paths: where to look.
        owner: the trial's job, or its result.
    """
    for path in paths:
        with suppress(OSError, ProtocolError):
            # Anyone can put gigabytes there, so a file is read into memory only after its digest was found right.
            if not _is_whole(path, owner):
                continue
            content = read_bytes(path, MAX_CHECKPOINT_BYTES)
            digest, rest = content[:DIGEST_BYTES], memoryview(content)[DIGEST_BYTES:]
            if digest == _digest((_owner(owner), rest)):
                begin = LENGTH_BYTES + int.from_bytes(rest[:LENGTH_BYTES], "big")
                curve = parse_curve(bytes(rest[LENGTH_BYTES:begin]), path)
                yield Checkpoint(bytes(rest[begin:]), tuple(curve))


def _is_whole(path: Path, owner: Job | Result) -> bool:
    descriptor = open_to_read(path)
    try:
        if os.fstat(descriptor).st_size > MAX_CHECKPOINT_BYTES:
            return False
        expected = os.read(descriptor, DIGEST_BYTES)
        chunks = iter(partial(os.read, descriptor, CHUNK_BYTES), b"")
        return _digest(chain((_owner(owner),), chunks)) == expected
    finally:
        os.close(descriptor)


def _owner(record: Job | Result) -> bytes:
    # Without the issue and the budget, so that a trial that is issued again, or gets more epochs, can resume. A trial's
    # job and result hold these four alike and in the same order.
    return record.model_dump_json(include={"study", "trial", "params", "seeds"}).encode()


def _digest(parts: Iterable[bytes | memoryview]) -> bytes:
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        digest.update(part)
    return digest.digest()
