"""Calls the project's commands as a user does, and waits for them."""

import os
import subprocess
import sys
from pathlib import Path

from tests.processes import REPOSITORY


def call(*arguments: str, cwd: Path = REPOSITORY, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m ...` in a terminal of 120 columns."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "COLUMNS": "120"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(*arguments: str, status: int = 2) -> str:
    """Run a command that must fail like a user's mistake: return its one message, without a traceback."""
    called = call(*arguments)
    assert called.returncode == status, called.stdout + called.stderr
    assert "Traceback" not in called.stdout + called.stderr
    return called.stderr
