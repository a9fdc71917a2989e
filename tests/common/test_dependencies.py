"""The message to a user who has not set up the virtual environment."""

import subprocess
import sys
from pathlib import Path

import pytest

from hyperspool.common.dependencies import complaining_of_missing
from tests.processes import REPOSITORY


@pytest.mark.parametrize("side", ["master", "worker"])
def test_missing_dependencies_are_one_line_with_what_to_do(side: str) -> None:
    # -S: without site-packages, as the system's own Python.
    called = subprocess.run(
        [sys.executable, "-S", "-m", side, "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert called.returncode == 2
    assert called.stdout == ""
    assert called.stderr == (
        f"error: typer is not installed for {sys.executable}; "
        'run "make setup" and use .venv/bin/python (or activate it: . .venv/bin/activate)\n'
    )


@pytest.mark.parametrize("name", ["hyperspool.common.missing", "hyperspool", "xml.missing"])
def test_a_missing_module_of_the_project_keeps_its_traceback(name: str) -> None:
    with pytest.raises(ModuleNotFoundError), complaining_of_missing():
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_the_missing_package_is_named_and_not_its_module(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, complaining_of_missing():
        raise ModuleNotFoundError("No module named 'rich.console'", name="rich.console")
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"error: rich is not installed for {sys.executable}")


def test_ctrl_c_while_the_master_is_imported_ends_it_quietly(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")
    called = subprocess.run(
        [sys.executable, "-m", "master", "--help"],
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (called.returncode, called.stdout, called.stderr) == (1, "", "")
