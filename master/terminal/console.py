"""The two consoles of the master: `output` for results and log lines, `errors` for error messages."""

import logging
import os
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.logging import RichHandler
from rich.segment import Segment
from rich.text import Text

from hyperspool.common.printable import printable

if TYPE_CHECKING:
    from hyperspool.master.results.wording import Styled  # loads all records, of which --help needs none

PIPED_WIDTH = 1000
"""Columns of a file or pipe: no line of a table is broken there, so that programs can read it."""
Shown: TypeAlias = "str | Text | Sequence[Styled]"
"""A text, or its parts, each with its own style."""


class Terminal(Console):
    """A console that prints text from the shared folder as plain text: no markup, no control characters."""

    @property
    def size(self) -> ConsoleDimensions:
        """Its width and height. A file or pipe has no width of its own, unless COLUMNS gives one."""
        found = super().size
        if self.is_terminal or self.is_jupyter or self._width is not None or "COLUMNS" in os.environ:
            return found
        return ConsoleDimensions(PIPED_WIDTH, found.height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size

    def say(self, text: Shown, style: str = "") -> None:
        """Print a text without wrapping its lines, so that a path or a command can be copied."""
        self.print(_as_text(text, style), soft_wrap=True)

    def tell(self, text: Shown, style: str = "") -> None:
        """Print sentences. A terminal wraps them between words; in a file or pipe a line stays one line."""
        self.print(_as_text(text, style), soft_wrap=not self.is_terminal)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render to segments whose text is printable. Control segments are rich's own and stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


def _as_text(text: Shown, style: str) -> Text:
    # rich reads markup in a plain str, so a str becomes a Text.
    if isinstance(text, str):
        return Text(text, style=style)
    return text if isinstance(text, Text) else Text.assemble(*text)


class _LineHandler(logging.Handler):
    """Writes a log record as one line, for files and pipes."""

    def emit(self, record: logging.LogRecord) -> None:
        output.say(f"[{time.strftime('%H:%M:%S', time.localtime(record.created))}] {self.format(record)}")


output = Terminal()
errors = Terminal(stderr=True)


def log_handler() -> logging.Handler:
    """Return a handler that writes log records to `output`, each with its time."""
    if output.is_terminal:
        return RichHandler(console=output, show_path=False, show_level=False, log_time_format="%H:%M:%S")
    return _LineHandler()
