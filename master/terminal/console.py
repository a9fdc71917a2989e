"""The two consoles of the master: `output` for results and log lines, `errors` for error messages."""

import logging
from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderableType
from rich.logging import RichHandler
from rich.segment import Segment
from rich.text import Text

from hyperspool.common.printable import printable
from hyperspool.master.results.wording import Styled

Shown = str | Text | Sequence[Styled]
"""A text, or its parts, each with its own style."""


class Terminal(Console):
    """A console that prints text from the shared folder as plain text: no markup, no control characters."""

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


output = Terminal()
errors = Terminal(stderr=True)


def log_handler() -> logging.Handler:
    """Return a handler that writes log records to `output`, each with its time."""
    return RichHandler(console=output, show_path=False, show_level=False, log_time_format="%H:%M:%S")
