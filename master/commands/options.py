"""What the master's commands have in common: options that several take, and the two consoles."""

from pathlib import Path
from typing import Annotated

import typer

Root = Annotated[Path, typer.Option(help="The shared folder, with jobs/ and results/ in it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
StudyName = Annotated[str, typer.Argument(help="A study in the folder.")]
