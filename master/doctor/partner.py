"""The second process of a check: `python -m master.doctor.partner WHAT ARGUMENTS`, told when by lines on its input.

It answers with one line of JSON each time, and ends when its input ends.
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
"""Making a file takes some tenths of a millisecond on a local disk, and a few milliseconds to flush it."""


def page(number: int) -> bytes:
    """The n-th content of a file that is replaced again and again: one byte repeated, so that a mixture shows."""
    return bytes([ord("a") + number % 26]) * PAGE_BYTES


def make_exclusively(folder: Path, kind: str, name: str) -> bool:
    """Make a file unless it is there, by `link` (as results are) or by `O_EXCL` (as leases are); False if it was."""
    path = folder / name
    if kind == "link":
        return atomic.write_once(path, b"")
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    except FileExistsError:
        return False
    except PermissionError:
        # sshfs says so where others say that the name is there.
        if name in os.listdir(folder):  # noqa: PTH208 - names, not Paths
            return False
        raise
    return True


def won_rounds(folder: Path, kind: str, rounds: int, start_s: float, clock: Callable[[], float]) -> list[int]:
    """Race for one file after the other; the numbers of those that this process made.

    Round n begins at `start_s + n * ROUND_S` by `clock`, here and where the other one races, or at once if it is late.
    """
    won: list[int] = []
    for number in range(rounds):
        while clock() < start_s + number * ROUND_S:
            pass  # sleeping would wake the two up at different times
        if make_exclusively(folder, kind, f"{kind}-{number}"):
            won.append(number)
    return won


def _read(path: str) -> None:
    """Read a file until a line comes; say how often, and how often it was torn or missing."""
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
    """From the moment that a line tells (CLOCK_MONOTONIC), race; say what was won."""
    _answer({"ready": True})
    start_s = float(sys.stdin.readline())
    _answer({"won": won_rounds(Path(folder), kind, int(rounds), start_s, time.monotonic)})


def _hold(path: str, mode: str) -> None:
    """Lock a file, note it there as a claimant does, and hold it to the end."""
    lock = make_lock(Path(path), ClaimMode(mode))
    is_held = try_acquire(lock)
    if is_held and mode == ClaimMode.LOCK:
        atomic.append_line(Path(path), "held")
    _answer({"ready": is_held})
    sys.stdin.read()
    lock.release()


def _make(folder: str) -> None:
    """At each line, make a file of that name as a result is made; say when it was there (CLOCK_MONOTONIC)."""
    _answer({"ready": True})
    for line in sys.stdin:
        atomic.write_once(Path(folder) / line.strip(), b"")
        _answer({"made_s": time.monotonic()})


def _answer(fields: dict[str, Any]) -> None:
    try:
        print(json.dumps(fields), flush=True)  # noqa: T201 - the answer that the first process reads
    except BrokenPipeError:
        os._exit(1)  # nobody listens any more, and leaving in good order would complain of it


PARTS: dict[str, Callable[..., None]] = {"read": _read, "race": _race, "hold": _hold, "make": _make}


def main() -> None:
    """Play the part that the command line names; an error of the file system is an answer too."""
    try:
        PARTS[sys.argv[1]](*sys.argv[2:])
    except FolderError as error:
        _answer({"error": error.reason})
    except OSError as error:
        _answer({"error": error.strerror or str(error)})


if __name__ == "__main__":
    main()
