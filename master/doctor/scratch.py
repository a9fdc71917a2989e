"""The doctor's own folder in the shared folder. It is always removed: after a kill, by the next doctor."""

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hyperspool.common import atomic
from hyperspool.common.errors import ProtocolError
from hyperspool.common.reading import read_bytes
from hyperspool.master.run.housekeeping import is_running

PREFIX = ".doctor-"
OWNER = "owner.json"
ABANDONED_S = 600.0
"""Longer than any doctor works: if another host's folder is older, its doctor is dead."""
REMOVAL_TRIES = 5
"""On NFS, a folder cannot be removed for a moment while a dying process has a file in it open."""
BETWEEN_TRIES_S = 0.1


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """An empty folder in `root` while the block runs. First removes the folders of dead doctors.

    Raises:
        OSError: `root` cannot be written.
    """
    folder = root / f"{PREFIX}{secrets.token_hex(6)}"
    try:
        atomic.make_folder(folder)
        atomic.replace(folder / OWNER, json.dumps({"place": _place(), "pid": os.getpid()}).encode(), durable=False)
        _remove_abandoned(root, folder)
        yield folder
    finally:
        _remove(folder)


def other_folders(root: Path, mine: Path) -> list[Path]:
    """The scratch folders of other doctors, from a fresh listing."""
    names = sorted(os.listdir(root))  # noqa: PTH208 - a fresh listing, asked for often
    return [root / name for name in names if name.startswith(PREFIX) and name != mine.name]


def read_words(path: Path) -> Any:
    """The JSON in a file that a doctor wrote for others.

    Raises:
        ProtocolError: it is not JSON, or is nested deeper than a doctor's.
    """
    try:
        return json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(path, "is not what a doctor says") from error


def host_identity() -> str:
    """An identity of the running kernel; two containers on one host have the same one."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def _place() -> str:
    """The place in which process ids are valid: this boot of this kernel, in this container."""
    with suppress(OSError):
        return f"{host_identity()} {os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - no path, a number in brackets
    return ""


def _remove_abandoned(root: Path, mine: Path) -> None:
    now_s = (mine / OWNER).stat().st_mtime  # by the file server's clock
    for folder in other_folders(root, mine):
        with suppress(OSError, ProtocolError, ValueError, TypeError, KeyError, OverflowError):
            if not folder.is_dir() or folder.is_symlink():
                continue
            owner = read_words(folder / OWNER)
            is_here = bool(_place()) and owner["place"] == _place()
            if not is_running(int(owner["pid"])) if is_here else now_s - folder.stat().st_mtime > ABANDONED_S:
                _remove(folder)


def _remove(folder: Path) -> None:
    for _ in range(REMOVAL_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(BETWEEN_TRIES_S)
