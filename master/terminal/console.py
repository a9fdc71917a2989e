"""The two consoles: what the master prints, and what it complains of."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from hyperspool.common.printable import printable


class PrintableConsole(Console):
    """A console on which a text of the shared folder, whoever wrote it, is text and nothing else."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of a renderable: colours and cursor movements are ours, all else is printable."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


output = PrintableConsole()


errors = PrintableConsole(stderr=True)
