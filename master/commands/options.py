"""Options that several of the master's commands take."""

from pathlib import Path
from typing import Annotated

import typer

Root = Annotated[Path, typer.Option(help="Use this shared folder, which holds jobs/ and results/.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
StudyName = Annotated[str, typer.Argument(help="Name a study in the folder.")]
