"""The README's pictures of a terminal: the search of `make search` while it runs, the folder meanwhile, its end."""

import subprocess
import sys
from pathlib import Path

from benchmarks.pictures.screen import shown_by, write_picture
from benchmarks.pictures.studies import PICTURES

SEARCH = "search"
STUDY = "scenario6"
SHOWN_AT = "15/40"
"""What the live view says when the pictures are taken."""
LISTING = f"ls jobs/{STUDY} results/{STUDY}/*"


def draw_terminal(root: Path) -> None:
    """Run the search in a new folder below `root`, and draw it."""
    place = root / "terminal"
    place.mkdir()
    folder: list[str] = []

    def is_time(text: str) -> bool:
        is_now = SHOWN_AT in text
        if is_now:
            listed = subprocess.run(["/bin/sh", "-c", LISTING], cwd=place, capture_output=True, text=True, check=True)  # noqa: S603 - a listing
            folder.extend([f"$ {LISTING}", *listed.stdout.splitlines()])
        return is_now

    search = [sys.executable, "-m", "hyperspool", "run", STUDY, "--workers", "2"]
    meanwhile = shown_by(search, place, is_time)
    write_picture(meanwhile, "make search", PICTURES / "search.png")
    write_picture(folder, "the folder, meanwhile", PICTURES / "folder.png")
    write_picture(shown_by(search, place), "make search", PICTURES / "result.png")
