"""The consoles on which the master prints: what it says, and what it complains of."""

import logging
from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderableType
from rich.logging import RichHandler
from rich.segment import Segment
from rich.text import Text

from hyperspool.common.printable import printable
from hyperspool.master.results.wording import Styled

Shown = str | Text | Sequence[Styled]
"""A text, or its parts, each with a style of its own."""


class Terminal(Console):
    """A console on which a text from the shared folder is text and nothing else, whoever wrote it."""

    def say(self, text: Shown, style: str = "") -> None:
        """Print a text. A line stays one line however long it is, so that a path or a command can be copied."""
        self.print(_as_text(text, style), soft_wrap=True)

    def tell(self, text: Shown, style: str = "") -> None:
        """Print sentences. A terminal breaks them between words; elsewhere a line stays one line."""
        self.print(_as_text(text, style), soft_wrap=not self.is_terminal)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of a renderable: colours and cursor movements are ours, all else is printable."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


def _as_text(text: Shown, style: str) -> Text:
    # A str that is printed as it is would be read as markup.
    if isinstance(text, str):
        return Text(text, style=style)
    return text if isinstance(text, Text) else Text.assemble(*text)


output = Terminal()
errors = Terminal(stderr=True)


def log_handler() -> logging.Handler:
    """Writes log records to `output`, each with its time."""
    return RichHandler(console=output, show_path=False, show_level=False, log_time_format="%H:%M:%S")
