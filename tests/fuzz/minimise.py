"""`python -m tests.fuzz.minimise`: rebuild the corpus from itself and from a fuzzer's inputs in `build/fuzz`.

It keeps an input if it runs a line, or two lines in succession, that no shorter input runs.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.readers import MEANT, READERS, place, read_any

CORPUS = Path(__file__).parent / "corpus"
FOUND = Path("build") / "fuzz"
CODE = str(Path(__file__).parents[2] / "common")

Step = tuple[str, int, int]
"""A file, and two of its lines that ran in succession."""


def steps_of(data: bytes) -> set[Step]:
    """The steps that the project's code takes on an input."""
    steps: set[Step] = set()
    last: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _value: Any) -> Callable[..., Any] | None:
        name = frame.f_code.co_filename
        if not name.startswith(CODE):
            return None
        if event == "line":
            steps.add((name, last.get(frame, 0), frame.f_lineno))
            last[frame] = frame.f_lineno
        return trace

    sys.settrace(trace)
    try:
        read_any(data)
    finally:
        sys.settrace(None)
    return steps


def main() -> None:
    """Write the corpus again, and print its size."""
    inputs = {path.read_bytes() for folder in (CORPUS, FOUND) if folder.is_dir() for path in folder.iterdir()}
    reached: set[Step] = set()
    kept: list[bytes] = []
    for data in sorted(inputs - {b""}, key=lambda data: (len(data), data)):
        steps = steps_of(data) | {("reader", data[0] % len(READERS), int(_is_read(data)))}
        if not steps <= reached:
            reached |= steps
            kept.append(data)
    for path in CORPUS.iterdir():
        path.unlink()
    for number, data in enumerate(kept):
        reader = list(READERS)[data[0] % len(READERS)].replace(" ", "-")
        (CORPUS / f"{reader}-{number:03}").write_bytes(data)
    sys.stdout.write(f"{len(kept)} of {len(inputs)} inputs, {sum(map(len, kept))} bytes, {len(reached)} steps\n")


def _is_read(data: bytes) -> bool:
    path = place() / "file"
    path.write_bytes(data[1:])
    try:
        list(READERS.values())[data[0] % len(READERS)](path)
    except MEANT:
        return False
    return True


if __name__ == "__main__":
    main()
