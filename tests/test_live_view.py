"""The live view in a real terminal."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

from tests.processes import DEADLINE_S, REPOSITORY

ROWS, COLUMNS = 24, 80
UP = r"(?:\x1b\[2K\x1b\[1A|\x1b\[1A\x1b\[2K)"
"""How rich moves to the top of the last picture: a line at a time."""
STUDY = """
trials = 90
batch = 30
objective.name = "last_waits"
[space]
x = { type = "float", low = 0, high = 1 }
learning_rate = { type = "float", low = 0, high = 1 }
momentum = { type = "float", low = 0, high = 1 }
weight_decay = { type = "float", low = 0, high = 1 }
hidden_units = { type = "int", low = 1, high = 100 }
activation = ["relu", "tanh"]
"""


def in_a_terminal(*arguments: str, seen: Callable[[str], None], **environment: str) -> str:
    """What a command prints to a terminal of `ROWS` and `COLUMNS`, until it ends.

    Args:
        *arguments: of Python's `-m`.
        seen: is called with all that was printed so far, whenever there is more.
        **environment: of the command, besides this process's.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    own = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=REPOSITORY,
        env=own | {"TERM": "xterm-256color"} | environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    printed = b""
    try:
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # how Linux says that the last process has closed the terminal
                break
            if not chunk:
                break
            printed += chunk
            seen(printed.decode(errors="ignore"))
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return printed.decode()


def heights(printed: str) -> list[int]:
    """The lines of each picture that another took the place of, and at last of the one that was erased, and one."""
    return [1 + len(re.findall(UP, moves)) for moves in re.findall(rf"{UP}+", printed)]


def test_live_view_fits_a_terminal_of_80_by_24(root: Path) -> None:
    study = root / "many.toml"
    study.write_text(STUDY)
    own = ("--workers", "1", "--objective", "last_waits=tests.objectives:last_waits")
    end_s = time.monotonic() + DEADLINE_S

    def let_go(printed: str) -> None:
        # A search may be over before the view, which leaves the master time to work, has shown many of its results.
        if max(heights(printed), default=0) >= ROWS - 1 or time.monotonic() > end_s:
            (root / "go").touch()

    run = ("master", "run", str(study), "--root", str(root), *own)
    printed = in_a_terminal(*run, seen=let_go, NOTES=str(root / "notes"))
    *replaced, erased = heights(printed)
    assert max(*replaced, erased - 1) == ROWS - 1, "89 results fill the window, and no more"
    assert "local worker 1" in printed
    assert "loading" in printed
    assert "the last results, newest first" in printed
    assert "best so far" in printed
    assert "study many is finished: 90 trials" in printed
