"""Checkpoints: bytes with a digest, replaced whole, so that a torn or foreign one is seen and passed over.

The file holds a digest, the length of the curve's text in 8 bytes, that text, and what the objective saved. The digest
is of the rest and of whose it is (study, trial, params, seeds): a checkpoint in another trial's place is none.
Checkpoints are not flushed to disk: after a power cut the trial begins anew, which costs time and nothing else.
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
from hyperspool.common.errors import ProtocolError
from hyperspool.common.reading import open_to_read, read_bytes
from hyperspool.common.records import EpochRecord, Job

DIGEST_BYTES = 32
LENGTH_BYTES = 8
MAX_CHECKPOINT_BYTES = 2 * 2**30
"""What is read is held in memory, twice for a moment."""
CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class Checkpoint:
    """What an attempt leaves for the next.

    Attributes:
        payload: what the objective saved; it alone can read it.
        curve: the epochs that were reported by then.
    """

    payload: bytes
    curve: tuple[EpochRecord, ...] = ()


def save_checkpoint(path: Path, checkpoint: Checkpoint, job: Job) -> None:
    """Write or replace a checkpoint of a job.

    Raises:
        OSError: the disk is full or gone; an earlier checkpoint at `path` is untouched.
        ValueError: it is too large to be read again.
    """
    curve = to_text(checkpoint.curve).encode()
    parts = (len(curve).to_bytes(LENGTH_BYTES, "big"), curve, checkpoint.payload)
    size_bytes = DIGEST_BYTES + sum(map(len, parts))
    if size_bytes > MAX_CHECKPOINT_BYTES:
        raise ValueError(f"a checkpoint of {size_bytes} bytes, expected at most {MAX_CHECKPOINT_BYTES}")
    atomic.replace(path, b"".join((_digest((_owner(job), *parts)), *parts)), durable=False)


def read_checkpoints(paths: Iterable[Path], job: Job) -> Iterable[Checkpoint]:
    """Those checkpoints that are there, whole, and of this job's trial, in the order of `paths`."""
    for path in paths:
        with suppress(OSError, ProtocolError):
            # Gigabytes of anything may stand there. What is none of ours is not read into memory.
            if not _is_whole(path, job):
                continue
            content = read_bytes(path, MAX_CHECKPOINT_BYTES)
            digest, rest = content[:DIGEST_BYTES], memoryview(content)[DIGEST_BYTES:]
            if digest == _digest((_owner(job), rest)):
                begin = LENGTH_BYTES + int.from_bytes(rest[:LENGTH_BYTES], "big")
                curve = parse_curve(bytes(rest[LENGTH_BYTES:begin]), path)
                yield Checkpoint(bytes(rest[begin:]), tuple(curve))


def _is_whole(path: Path, job: Job) -> bool:
    descriptor = open_to_read(path)
    try:
        if os.fstat(descriptor).st_size > MAX_CHECKPOINT_BYTES:
            return False
        expected = os.read(descriptor, DIGEST_BYTES)
        chunks = iter(partial(os.read, descriptor, CHUNK_BYTES), b"")
        return _digest(chain((_owner(job),), chunks)) == expected
    finally:
        os.close(descriptor)


def _owner(job: Job) -> bytes:
    # Neither the issue nor the budget: a trial that is issued again, or gets more epochs, goes on from what is there.
    return job.model_dump_json(include={"study", "trial", "params", "seeds"}).encode()


def _digest(parts: Iterable[bytes | memoryview]) -> bytes:
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        digest.update(part)
    return digest.digest()
