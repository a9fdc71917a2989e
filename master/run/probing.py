"""Tries a user's own objective in another process, before anything is published."""

import subprocess

from hyperspool.common.definitions import OwnObjectives
from hyperspool.common.errors import UsageError
from hyperspool.common.invocation import own_process
from hyperspool.common.printable import printable

LIMIT_S = 60.0
"""How long an import may take."""
SHOWN_LINES = 8


def need_importable(objective: str, own: OwnObjectives) -> None:
    """Refuse an objective that local workers could not evaluate.

    Raises:
        UsageError: it cannot be imported, or its program is not here.
    """
    command = [*own_process("worker.objectives.probe"), objective, *own.arguments]
    try:
        tried = subprocess.run(  # noqa: S603 - our own program, arguments from our own command line
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"the objective {objective} was not imported within {LIMIT_S:g} s, so nothing was published: does its "
            "module work where it should only define functions?"
        ) from None
    if tried.returncode:
        lines = tried.stderr.decode(errors="replace").strip().splitlines()[-SHOWN_LINES:]
        said = "\n".join(map(printable, lines)) or f"its import ended the process with status {tried.returncode}"
        raise UsageError(f"{said}\nNothing was published.")
