"""What the master's commands have in common: options that several take, and the two consoles."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
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

Root = Annotated[Path, typer.Option(help="The shared folder, with jobs/ and results/ in it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
StudyName = Annotated[str, typer.Argument(help="A study in the folder.")]
