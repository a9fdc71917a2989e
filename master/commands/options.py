"""Options that several of the master's commands take."""

from pathlib import Path
from typing import Annotated

import typer

Root = Annotated[Path, typer.Option(help="Use this shared folder, which holds jobs/ and results/.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def published_names(context: typer.Context, incomplete: str) -> list[str]:
    """Return the names of the folder's studies that begin like this, for a shell that completes them."""
    from hyperspool.common.layout import study_folders

    root = context.params.get("root") or Path()
    return [folder.name for folder in study_folders(Path(root)) if folder.name.startswith(incomplete)]


def study_names(context: typer.Context, incomplete: str) -> list[str]:
    """Return the names that `run` takes and that begin like this: the folder's studies, then the presets."""
    from hyperspool.master.studies.preset import preset_names

    presets = [name for name in preset_names() if name.startswith(incomplete)]
    return list(dict.fromkeys([*published_names(context, incomplete), *presets]))


StudyName = Annotated[str, typer.Argument(help="Name a study in the folder.", autocompletion=published_names)]
StudyNames = Annotated[
    list[str], typer.Argument(help="Name one or more studies in the folder.", autocompletion=published_names)
]
