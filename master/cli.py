"""The master's command line put together; every error ends as one message and a status."""

import logging
import sys

import typer
from rich.logging import RichHandler
from rich.text import Text

from hyperspool.common.errors import SearchError
from hyperspool.common.invocation import program_name
from hyperspool.master.commands import analysis, finalize, folder, look, range_test, run
from hyperspool.master.terminal.console import errors, output

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Search hyperparameters by files: publish jobs, collect results, say what came of it.",
)
for family in (run, look, analysis, folder, finalize, range_test):
    app.add_typer(family.app)


def main() -> None:
    """Run the command line; a user's mistake is one message and exit status 2."""
    handler = RichHandler(console=output, show_path=False, show_level=False, log_time_format="%H:%M:%S")
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])
    try:
        app(prog_name=program_name("master"))
    except SearchError as error:
        errors.print(Text(f"error: {error}"), soft_wrap=True)
        sys.exit(error.exit_status)
    except OSError as error:
        errors.print(Text(f"error: {error.filename or 'the shared folder'}: {error.strerror or error}"), soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(1)
