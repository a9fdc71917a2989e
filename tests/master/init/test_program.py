"""Options are read from real scripts, which run in real processes and do nothing else."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hyperspool.common.errors import UsageError
from hyperspool.master.init.option import Form, Kind, Option
from hyperspool.master.init.program import read_program
from tests.master.init.scripts import ABSL, ARGPARSE, CLICK, PARTIAL, TYPER
from tests.processes import is_alive, until

LIMIT_S = 30.0


def options_of(folder: Path, text: str, name: str = "train.py") -> dict[str, Option]:
    (folder / name).write_text(text)
    return {option.flag: option for option in read_program(folder / name, folder, None, LIMIT_S).options}


def refusal(folder: Path, text: str, limit_s: float = LIMIT_S) -> str:
    (folder / "train.py").write_text(text)
    with pytest.raises(UsageError) as caught:
        read_program(folder / "train.py", folder, None, limit_s)
    return str(caught.value)


def test_argparse_options_have_their_types_and_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = options_of(tmp_path, ARGPARSE)
    found = {flag: (option.form, option.kind, option.default) for flag, option in options.items()}
    assert found["--lr"] == (Form.VALUE, Kind.FLOAT, 0.1)
    assert found["--batch-size"] == (Form.VALUE, Kind.INT, 64)
    assert found["--nesterov"] == (Form.FLAG_ON, Kind.BOOL, False)
    assert found["--no-bias"] == (Form.FLAG_OFF, Kind.BOOL, True)
    assert found["--amp"] == (Form.TOGGLE, Kind.BOOL, True)
    assert found["--pretrain"] == (Form.VALUE, Kind.TRUTH, False)
    assert found["--layers"][0] is Form.SEVERAL
    assert found["--checkpoint-dir"] == (Form.VALUE, Kind.PATH, None)
    assert found["data"] == (Form.POSITIONAL, Kind.TEXT, None)
    assert options["data"].is_required
    assert options["--opt"].choices == ("sgd", "adam")
    assert options["--amp"].off_flag == "--no-amp"
    assert options["--lr"].help == "step, 100% needed"
    assert not (tmp_path / "it-went-on").exists()


def test_a_parser_of_a_part_does_not_hide_the_whole(tmp_path: Path) -> None:
    assert set(options_of(tmp_path, PARTIAL)) == {"--config", "--lr"}


def test_a_library_that_prints_argparse_help_is_caught(tmp_path: Path) -> None:
    text = (
        "import argparse\n"
        "class Own(argparse.ArgumentParser):\n"
        "    def parse_args(self):\n"
        "        self.print_help()\n"
        "parser = Own()\n"
        "parser.add_argument('--lr', type=float, default=0.25)\n"
        "parser.parse_args()\n"
    )
    assert options_of(tmp_path, text)["--lr"].default == 0.25


def test_click_options_have_their_types_limits_and_flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = options_of(tmp_path, CLICK)
    found = {flag: (option.form, option.kind, option.default) for flag, option in options.items()}
    assert found == {
        "--penalty": (Form.VALUE, Kind.FLOAT, 1.0),
        "--kernel": (Form.VALUE, Kind.TEXT, None),
        "--scale": (Form.TOGGLE, Kind.BOOL, True),
        "--fast": (Form.FLAG_ON, Kind.BOOL, False),
        "--width": (Form.VALUE, Kind.INT, 64),
        "--layer": (Form.SEVERAL, Kind.INT, None),
        "--where": (Form.VALUE, Kind.PATH, None),
        "data": (Form.POSITIONAL, Kind.TEXT, None),
    }
    assert options["--kernel"].choices == ("linear", "rbf")
    assert options["--kernel"].is_required
    assert (options["--width"].low, options["--width"].high, options["--scale"].off_flag) == (1, 100, "--no-scale")
    assert not (tmp_path / "it-went-on").exists()


def test_typer_options_have_their_types_limits_and_flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = options_of(tmp_path, TYPER)
    found = {flag: (option.form, option.kind, option.default) for flag, option in options.items()}
    assert found == {
        "--rate": (Form.VALUE, Kind.FLOAT, 0.1),
        "--size": (Form.VALUE, Kind.INT, 3),
        "--method": (Form.VALUE, Kind.TEXT, "sgd"),
        "--average": (Form.TOGGLE, Kind.BOOL, False),
        "--only": (Form.FLAG_ON, Kind.BOOL, False),
        "--where": (Form.VALUE, Kind.PATH, None),
        "--limit": (Form.VALUE, Kind.INT, None),
    }
    assert options["--method"].choices == ("sgd", "adam")
    assert (options["--rate"].low, options["--rate"].high, options["--average"].off_flag) == (0.01, 0.2, "--no-average")
    assert not (tmp_path / "it-went-on").exists()


def test_script_without_a_known_parser_is_read_by_help(tmp_path: Path) -> None:
    options = options_of(tmp_path, ABSL)
    assert (options["--lr"].kind, options["--lr"].default) == (Kind.FLOAT, 0.5)
    assert (options["--batch"].kind, options["--batch"].default) == (Kind.INT, 32)
    assert (options["--bias"].form, options["--bias"].off_flag) == (Form.TOGGLE, "--nobias")


def test_program_of_another_language_is_read_by_its_help(tmp_path: Path) -> None:
    program = tmp_path / "anneal"
    program.write_text("#!/bin/sh\necho '  -t, --temperature=T  begin here (default 1.5)'\n")
    program.chmod(0o755)
    read = read_program(program, tmp_path, None, LIMIT_S)
    assert (read.options[0].flag, read.options[0].default, read.reader) == ("--temperature", 1.5, "--help")


def test_script_that_fails_at_import_shows_its_last_lines(tmp_path: Path) -> None:
    said = refusal(tmp_path, "import argparse\nimport no_such_library\n")
    assert "it ended with status 1; --python names the interpreter" in said
    assert "No module named 'no_such_library'" in said
    assert "hook.py" not in said
    assert "runpy" not in said


def test_script_without_options_is_not_run(tmp_path: Path) -> None:
    said = refusal(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    assert "was not run: it has no options" in said
    assert not (tmp_path / "ran").exists()


def test_options_of_a_file_beside_the_script_are_found(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(PARTIAL)
    assert "--lr" in options_of(tmp_path, "import own\n")


def test_script_with_sub_commands_is_refused_with_their_names(tmp_path: Path) -> None:
    text = (
        "import argparse\nparser = argparse.ArgumentParser()\nsubs = parser.add_subparsers()\n"
        "subs.add_parser('fit')\nsubs.add_parser('test')\nparser.parse_args()\n"
    )
    assert "has sub-commands (fit, test)" in refusal(tmp_path, text)


def test_endless_output_is_cut_off(tmp_path: Path) -> None:
    assert "printed more than 1000000 bytes" in refusal(tmp_path, "import argparse\nwhile True: print('x' * 1000)\n")


def test_script_that_hangs_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # it hides output that is lost
    text = (
        "import argparse, os, subprocess, time\n"
        f"child = subprocess.Popen(['sleep', '1000'])\n"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))\n"
        "print('loading data')\ntime.sleep(1000)\n"
    )
    said = refusal(tmp_path, text, limit_s=2.0)
    assert "did not read its options within 2 s (--time-limit)" in said
    assert "loading data" in said
    child = int((tmp_path / "child").read_text())
    until(lambda: not is_alive(child), "the script's child ends", tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_script_ends_with_the_command_that_ran_it(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "train.py").write_text(
        "import argparse, os, time\n"
        "with open('pid.part', 'w') as pid: pid.write(str(os.getpid()))\n"
        "os.rename('pid.part', 'pid')\ntime.sleep(1000)\n"
    )
    command = [sys.executable, "-m", "hyperspool", "init", "train.py"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        until((tmp_path / "pid").exists, "the script runs", tmp_path)
        process.send_signal(number)
        printed, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode != 0
    assert "Traceback" not in printed
    assert not (tmp_path / "train.toml").exists()
    script = int((tmp_path / "pid").read_text())
    until(lambda: not is_alive(script), "the script ends", tmp_path)


def test_a_child_that_holds_the_output_does_not_delay(tmp_path: Path) -> None:
    text = "import subprocess\nsubprocess.Popen(['sleep', '1000'])\n" + ARGPARSE
    began_s = time.monotonic()
    assert "--lr" in options_of(tmp_path, text)
    assert time.monotonic() - began_s < LIMIT_S / 2


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.write_bytes(bytes(range(256))), "neither a Python script"),
    ],
)
def test_what_is_no_script_is_refused(tmp_path: Path, prepare: object, said: str) -> None:
    path = tmp_path / "thing"
    assert callable(prepare)
    prepare(path)
    with pytest.raises(UsageError, match=said):
        read_program(path, path.parent, None, LIMIT_S)


def test_binary_that_claims_to_be_runnable_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "thing"
    path.write_bytes(b"\x7fELF" + os.urandom(100))
    path.chmod(0o755)
    with pytest.raises(UsageError, match="cannot be started"):
        read_program(path, path.parent, None, LIMIT_S)


def test_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ARGPARSE)
    with pytest.raises(UsageError, match="--python no-such-python"):
        read_program(tmp_path / "train.py", tmp_path, "no-such-python", LIMIT_S)
    assert read_program(tmp_path / "train.py", tmp_path, sys.executable, LIMIT_S).command[0] == sys.executable
