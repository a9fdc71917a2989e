"""Checkpoints: bytes with a digest, replaced whole, so that a torn or foreign one is seen and passed over.

They are not flushed to disk: after a power cut the trial begins anew, which costs time and nothing else.
"""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from common import atomic
from common.errors import ProtocolError
from common.reading import read_bytes

DIGEST_BYTES = 32
MAX_CHECKPOINT_BYTES = 8 * 2**30


def save_checkpoint(path: Path, payload: bytes) -> None:
    """Write or replace a checkpoint.

    Raises:
        OSError: the disk is full or gone; an earlier checkpoint at `path` is untouched.
    """
    atomic.replace(path, _digest(payload) + payload, durable=False)


def read_checkpoints(paths: Iterable[Path]) -> Iterable[bytes]:
    """The payloads of those checkpoints that are there and whole, in the order of `paths`."""
    for path in paths:
        with suppress(OSError, ProtocolError):
            content = read_bytes(path, MAX_CHECKPOINT_BYTES)
            digest, payload = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
            if digest == _digest(payload):
                yield payload


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=DIGEST_BYTES).digest()
