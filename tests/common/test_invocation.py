"""Commands in messages have the same form as the command that the person typed."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from hyperspool.common.invocation import command_line, own_process, program_name


@pytest.mark.parametrize(
    ("module", "master", "worker"),
    [
        ("master.__main__", "python -m master top demo", "python -m worker --root x"),
        ("worker.__main__", "python -m master top demo", "python -m worker --root x"),
        ("hyperspool.__main__", "python -m hyperspool top demo", "python -m hyperspool.worker --root x"),
        ("hyperspool.worker.__main__", "python -m hyperspool top demo", "python -m hyperspool.worker --root x"),
        ("pytest.__main__", "python -m hyperspool top demo", "python -m hyperspool.worker --root x"),
    ],
)
def test_module_that_was_run_is_named_in_messages(
    monkeypatch: pytest.MonkeyPatch, module: str, master: str, worker: str
) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", ModuleSpec(module, None))
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", module])
    assert command_line("master", "top", "demo") == master
    assert command_line("worker", "--root", "x") == worker


@pytest.mark.parametrize("typed", ["hyperspool", "hyperspool-worker"])
def test_console_script_that_was_run_is_named_in_messages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, typed: str
) -> None:
    for name in ("hyperspool", "hyperspool-worker"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).touch(mode=0o755)
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "bin" / typed)])
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert (program_name("master"), program_name("worker")) == ("hyperspool", "hyperspool-worker")
    monkeypatch.setenv("PATH", "/nowhere")
    assert command_line("master", "top") == f"{tmp_path}/bin/hyperspool top"
    monkeypatch.chdir(tmp_path)
    assert command_line("worker") == "bin/hyperspool-worker"


@pytest.mark.parametrize(
    ("typed", "expected"), [("python3", "python3"), (".venv/bin/python", ".venv/bin/python"), ("/usr/python", "python")]
)
def test_interpreter_is_named_as_it_was_typed(monkeypatch: pytest.MonkeyPatch, typed: str, expected: str) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", ModuleSpec("master.__main__", None))
    monkeypatch.setattr(sys, "orig_argv", [typed, "-m", "master"])
    monkeypatch.setattr(sys, "executable", "/usr/python")
    assert command_line("master", "top") == f"{expected} -m master top"
    assert program_name("master") == "python -m master"


def test_own_process_keeps_the_working_directory_off_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert own_process("worker") == [sys.executable, "-P", "-m", "hyperspool.worker"]
    import hyperspool

    monkeypatch.chdir(Path(hyperspool.__file__).parent.parent)
    assert own_process("worker") == [sys.executable, "-m", "hyperspool.worker"]


@pytest.mark.parametrize(("asked", "is_environment"), [("--show-completion", False), ("_HYPERSPOOL_COMPLETE", True)])
def test_shell_completes_the_console_script(monkeypatch: pytest.MonkeyPatch, asked: str, is_environment: bool) -> None:
    monkeypatch.setattr(sys, "argv", ["master", *([] if is_environment else [asked])])
    if is_environment:
        monkeypatch.setenv(asked, "complete_bash")
    assert program_name("master") == "hyperspool"
