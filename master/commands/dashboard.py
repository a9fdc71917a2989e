"""The command that shows studies in optuna-dashboard: dashboard. Options and output only."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from hyperspool.master.commands.options import Root, StudyNames
from hyperspool.master.terminal.console import output

app = typer.Typer()


@app.command()
def dashboard(
    study: StudyNames,
    root: Root = Path(),
    host: Annotated[str, typer.Option(help="Listen at this address. Default: this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Listen at this port; 0: a free one.")] = 8080,
) -> None:
    """Show studies live in optuna-dashboard, which may read but not change them.

    It needs the extra `dashboard`.
    """
    from hyperspool.master.analysis.exports.extras import need_extra
    from hyperspool.master.studies.published import published_study, read_published

    folders = [published_study(root, name) for name in study]
    for folder in folders:
        read_published(folder)
    need_extra("dashboard", "optuna_dashboard", "dashboard")

    from hyperspool.master.analysis.dashboard.server import open_server
    from hyperspool.master.analysis.dashboard.storage import FolderStorage

    with open_server(FolderStorage(folders), host, port) as server, suppress(KeyboardInterrupt):
        place = f"http://{host}:{server.server_port}/dashboard"
        for number, name in enumerate(study):
            output.say(f"study {name}: {place}/studies/{number}")
        output.say("it follows the folder and changes nothing; Ctrl-C ends it")
        server.serve_forever()
