"""Calls the project's commands as a user does, and waits for them."""

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.processes import REPOSITORY

TERMINAL = {"PYTHONPATH": str(REPOSITORY), "COLUMNS": "120"}
"""The environment of a command: it finds this project, and prints to 120 columns."""


def call(*arguments: str, cwd: Path = REPOSITORY, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m ...` in a terminal of 120 columns."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env=os.environ | TERMINAL | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def call_here(side: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of `call` in this process, which takes a tenth of the time.

    It is for commands that only look, or refuse: they start no process and handle no signal. Their output is what
    Python prints, and a traceback is that of the test.

    Args:
        side: `master` or `worker`.
        *arguments: the command's arguments.
    """
    printed, complaints = io.StringIO(), io.StringIO()
    status: object = 0
    with _as_started(side, *arguments), redirect_stdout(printed), redirect_stderr(complaints):
        try:
            import_module(f"hyperspool.{side}.cli").main()
        except SystemExit as end:
            status = end.code or 0
    assert isinstance(status, int)
    return subprocess.CompletedProcess([side, *arguments], status, printed.getvalue(), complaints.getvalue())


@contextmanager
def _as_started(side: str, *arguments: str) -> Iterator[None]:
    """Make this process look like `python -m side ...` in a terminal, without log handlers of its own."""
    log = logging.getLogger()
    with pytest.MonkeyPatch.context() as patch, chdir(REPOSITORY):
        for name, value in TERMINAL.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", [str(REPOSITORY / side / "__main__.py"), *arguments])
        patch.setattr(sys, "orig_argv", [sys.executable, "-m", side, *arguments])
        patch.setitem(sys.modules, "__main__", SimpleNamespace(__spec__=SimpleNamespace(name=f"{side}.__main__")))
        patch.setattr(log, "handlers", [])
        level = log.level
        try:
            yield
        finally:
            log.setLevel(level)
            # `fsck` silences a module's log, for the life of its process.
            for name, logger in log.manager.loggerDict.items():
                if name.startswith("hyperspool.") and isinstance(logger, logging.Logger):
                    logger.setLevel(logging.NOTSET)


def said(*arguments: str) -> str:
    """Run a command of `call_here` that must succeed; return what it prints."""
    called = call_here(*arguments)
    assert called.returncode == 0, called.stdout + called.stderr
    return called.stdout


def refused(*arguments: str, status: int = 2) -> str:
    """Run a command that must fail like a user's mistake: return its one message, without a traceback."""
    called = call_here(*arguments)
    assert called.returncode == status, called.stdout + called.stderr
    assert "Traceback" not in called.stdout + called.stderr
    return called.stderr
