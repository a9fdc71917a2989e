"""Checkpoints: bytes with a digest, replaced whole, so that a torn or foreign one is seen and passed over.

The file holds a digest, the length of the curve's text in 8 bytes, that text, and what the objective saved. The digest
is of the rest and of whose it is (study, trial, params, seeds): a checkpoint in another trial's place is none.
Checkpoints are not flushed to disk: after a power cut the trial begins anew, which costs time and nothing else.
"""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from common import atomic
from common.curve import parse_curve, to_text
from common.errors import ProtocolError
from common.reading import read_bytes
from common.records import EpochRecord, Job

DIGEST_BYTES = 32
LENGTH_BYTES = 8
MAX_CHECKPOINT_BYTES = 8 * 2**30


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
    """
    curve = to_text(checkpoint.curve).encode()
    parts = (len(curve).to_bytes(LENGTH_BYTES, "big"), curve, checkpoint.payload)
    atomic.replace(path, b"".join((_digest(_owner(job), *parts), *parts)), durable=False)


def read_checkpoints(paths: Iterable[Path], job: Job) -> Iterable[Checkpoint]:
    """Those checkpoints that are there, whole, and of this job's trial, in the order of `paths`."""
    for path in paths:
        with suppress(OSError, ProtocolError):
            content = read_bytes(path, MAX_CHECKPOINT_BYTES)
            digest, rest = content[:DIGEST_BYTES], memoryview(content)[DIGEST_BYTES:]
            if digest == _digest(_owner(job), rest):
                begin = LENGTH_BYTES + int.from_bytes(rest[:LENGTH_BYTES], "big")
                curve = parse_curve(bytes(rest[LENGTH_BYTES:begin]), path)
                yield Checkpoint(bytes(rest[begin:]), tuple(curve))


def _owner(job: Job) -> bytes:
    # Neither the issue nor the budget: a trial that is issued again, or gets more epochs, goes on from what is there.
    return job.model_dump_json(include={"study", "trial", "params", "seeds"}).encode()


def _digest(*parts: bytes | memoryview) -> bytes:
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        digest.update(part)
    return digest.digest()
