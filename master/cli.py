"""The master's command line: all commands in one app, every error as one message and an exit status."""

import gc
import logging
import sys

import typer

from hyperspool.common.errors import SearchError
from hyperspool.common.invocation import program_name
from hyperspool.master.commands import (
    analysis,
    compare,
    dashboard,
    finalize,
    folder,
    init,
    launch,
    look,
    note,
    range_test,
    replay,
    run,
    show,
    steer,
)
from hyperspool.master.terminal.console import errors, log_handler

COLLECTED_AFTER = (50_000, 20, 20)
"""Reading 100,000 results makes millions of objects that stay. With Python's thresholds, a third of the time goes into
looking for garbage among them."""

app = typer.Typer(
    no_args_is_help=True,
    help="Search hyperparameters through a shared folder: publish jobs, collect and show results.",
)
for family in (
    run,
    launch,
    init,
    look,
    show,
    note,
    steer,
    replay,
    analysis,
    compare,
    dashboard,
    folder,
    finalize,
    range_test,
):
    app.add_typer(family.app)


def main() -> None:
    """Run the command line. A user's mistake prints one message and exits with status 2."""
    gc.set_threshold(*COLLECTED_AFTER)
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[log_handler()])
    try:
        app(prog_name=program_name("master"))
    except SearchError as error:
        errors.say(f"error: {error}")
        sys.exit(error.exit_status)
    except OSError as error:
        errors.say(f"error: {error.filename or 'the shared folder'}: {error.strerror or error}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(1)
