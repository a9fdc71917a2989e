"""The live view in a real terminal."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from tests.processes import REPOSITORY

ROWS, COLUMNS = 24, 80
UP = r"(?:\x1b\[2K\x1b\[1A|\x1b\[1A\x1b\[2K)"
"""How rich moves to the top of the last picture: a line at a time."""
STUDY = """
trials = 90
batch = 30
objective.name = "square"
[space]
x = { type = "float", low = 0, high = 1 }
learning_rate = { type = "float", low = 0, high = 1 }
momentum = { type = "float", low = 0, high = 1 }
weight_decay = { type = "float", low = 0, high = 1 }
hidden_units = { type = "int", low = 1, high = 100 }
activation = ["relu", "tanh"]
"""


def in_a_terminal(*arguments: str) -> str:
    """What a command prints to a terminal of `ROWS` and `COLUMNS`, until it ends."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    own = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=REPOSITORY,
        env=own | {"TERM": "xterm-256color"},
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
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return printed.decode()


def test_live_view_fits_a_terminal_of_80_by_24(root: Path) -> None:
    study = root / "many.toml"
    study.write_text(STUDY)
    own = ("--workers", "1", "--objective", "square=tests.objectives:square")
    printed = in_a_terminal("master", "run", str(study), "--root", str(root), *own)
    *heights, erased = [1 + len(re.findall(UP, moves)) for moves in re.findall(rf"{UP}+", printed)]
    assert max(*heights, erased - 1) == ROWS - 1, "90 results fill the window, and no more"
    assert "local worker 1" in printed
    assert "loading" in printed
    assert "the last results, newest first" in printed
    assert "best so far" in printed
    assert "study many is finished: 90 trials" in printed
