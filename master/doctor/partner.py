"""The second process of a check: `python -m master.doctor.partner PART ARGUMENTS`, cued by lines on its input.

It answers each cue with one line of JSON, and ends when its input ends.
"""

import json
import os
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hyperspool.common import atomic
from hyperspool.common.errors import FolderError
from hyperspool.common.locks import ClaimMode, make_lock, try_acquire

PAGE_BYTES = 4096
ROUND_S = 0.002
"""Length of a round. On a local disk a file takes tenths of a millisecond to create, and milliseconds to flush."""


def page(number: int) -> bytes:
    """The n-th content of a file that is replaced repeatedly: one byte repeated, so that a mixture shows."""
    return bytes([ord("a") + number % 26]) * PAGE_BYTES


def make_exclusively(folder: Path, kind: str, name: str) -> bool:
    """Create a file by `link` (as results are) or by `O_EXCL` (as leases are); False if it existed already."""
    path = folder / name
    if kind == "link":
        return atomic.write_once(path, b"")
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    except FileExistsError:
        return False
    except PermissionError:
        # sshfs answers EPERM where other file systems answer EEXIST.
        if name in os.listdir(folder):  # noqa: PTH208 - names, not Paths
            return False
        raise
    return True


def won_rounds(folder: Path, kind: str, rounds: int, start_s: float, clock: Callable[[], float]) -> list[int]:
    """Race to create one file per round; returns the rounds that this process won.

    Round n begins at `start_s + n * ROUND_S` by `clock`, in both processes; a process that is late begins at once.
    """
    won: list[int] = []
    for number in range(rounds):
        while clock() < start_s + number * ROUND_S:
            pass  # sleeping would wake the two processes at different times
        if make_exclusively(folder, kind, f"{kind}-{number}"):
            won.append(number)
    return won


def _read(path: str) -> None:
    """Read a file until a line comes; answer how often it was whole, torn, missing or refused."""
    counts = dict.fromkeys(("whole", "torn", "missing", "refused"), 0)
    _answer({"ready": True})
    while not select.select([sys.stdin], [], [], 0)[0]:
        try:
            content = Path(path).read_bytes()
        except FileNotFoundError:
            counts["missing"] += 1
        except OSError:
            counts["refused"] += 1
        else:
            is_whole = len(content) == PAGE_BYTES and len(set(content)) == 1
            counts["whole" if is_whole else "torn"] += 1
    _answer(counts)


def _race(folder: str, kind: str, rounds: str) -> None:
    """Race from the time that a line gives (CLOCK_MONOTONIC); answer which rounds were won."""
    _answer({"ready": True})
    start_s = float(sys.stdin.readline())
    _answer({"won": won_rounds(Path(folder), kind, int(rounds), start_s, time.monotonic)})


def _hold(path: str, mode: str) -> None:
    """Lock a file, write a line into it as a claimant does, and hold the lock until the input ends."""
    lock = make_lock(Path(path), ClaimMode(mode))
    is_held = try_acquire(lock)
    if is_held and mode != ClaimMode.LEASE:
        atomic.append_line(Path(path), "held")
    _answer({"ready": is_held})
    sys.stdin.read()
    lock.release()


def _make(folder: str) -> None:
    """For each line, create a file of that name as a result is created; answer when (CLOCK_MONOTONIC)."""
    _answer({"ready": True})
    for line in sys.stdin:
        atomic.write_once(Path(folder) / line.strip(), b"")
        _answer({"made_s": time.monotonic()})


def _answer(fields: dict[str, Any]) -> None:
    try:
        print(json.dumps(fields), flush=True)  # noqa: T201 - the answer that the first process reads
    except BrokenPipeError:
        os._exit(1)  # nobody reads the answers any more; a normal exit would fail on flushing the pipe


PARTS: dict[str, Callable[..., None]] = {"read": _read, "race": _race, "hold": _hold, "make": _make}


def main() -> None:
    """Play the part that the command line names. An error of the file system becomes an answer too."""
    try:
        PARTS[sys.argv[1]](*sys.argv[2:])
    except FolderError as error:
        _answer({"error": error.reason})
    except OSError as error:
        _answer({"error": error.strerror or str(error)})


if __name__ == "__main__":
    main()
