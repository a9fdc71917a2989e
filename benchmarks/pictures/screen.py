"""Pictures of a terminal: what a command shows in a window, as a PNG file."""

import io
import os
import pty
import re
import select
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ

from rich.console import Console
from rich.text import Text

CONTROL = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|(\r?\n)|\r")
ROWS, COLUMNS = 40, 104
QUIET_S = 0.05
"""After so long without output a picture is drawn to its end."""
SCALE = 1.25
"""Pixels of the picture for each of the SVG file's."""


def lines_of(text: str) -> list[str]:
    """The lines that a window shows after a text, with their colours.

    It knows what rich writes to draw a picture again in its place: lines are cleared and written whole.
    """
    lines, row, at = [""], 0, 0
    for match in CONTROL.finditer(text):
        lines[row] += text[at : match.start()]
        at = match.end()
        count, what, line_end = match.groups()
        if line_end:
            row += 1
            lines += [""] * (row == len(lines))
        elif what == "A":
            row = max(row - int(count or 1), 0)
        elif what == "K":
            lines[row] = ""
        elif what == "m":
            lines[row] += match[0]
    lines[row] += text[at:]
    return lines


def shown_by(command: Sequence[str], folder: Path, is_time: Callable[[str], bool] = lambda _: False) -> list[str]:
    """The lines that a command shows in a window when it ends, or when its time has come; it goes on to its end.

    Args:
        command: the program and its arguments.
        folder: in which it runs.
        is_time: of all that it has written so far, whether the lines are to be taken now.
    """
    main, other = pty.openpty()
    ioctl(other, TIOCSWINSZ, pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=other, stdout=other, stderr=other) as process:  # noqa: S603 - our own program
        os.close(other)
        text, taken = "", None
        with suppress(OSError):  # the other side is closed
            while True:
                if select.select([main], [], [], QUIET_S)[0]:
                    text += os.read(main, 65536).decode(errors="replace")
                elif taken is None and is_time(text):
                    taken = lines_of(text)
        process.wait()
    os.close(main)
    return taken or lines_of(text)


def write_picture(lines: Sequence[str], title: str, path: Path) -> None:
    """Draw a window with these lines. It needs Chromium."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for line in lines:
        console.print(Text.from_ansi(line), soft_wrap=True)
    svg = console.export_svg(title=title)
    width, height = (float(part) for part in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0])
    with tempfile.TemporaryDirectory() as name:
        page = Path(name, "page.html")
        page.write_text(f'<body style="margin:0">{svg}', encoding="utf-8")
        chromium = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", f"--screenshot={path}"]
        chromium += [f"--window-size={width:.0f},{height:.0f}", f"--force-device-scale-factor={SCALE}"]
        subprocess.run([*chromium, page.as_uri()], check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - a browser
