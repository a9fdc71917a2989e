"""The file that is written for a script: valid TOML, a valid space, and each option where it belongs."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.commands import command_of
from hyperspool.common.definitions import published_table
from hyperspool.common.space import Fixed, Space
from hyperspool.master.init.from_program import draft_of
from hyperspool.master.init.measure import guess_measure
from hyperspool.master.init.option import Form, Kind, Option, Program
from hyperspool.master.init.program import read_program
from hyperspool.master.init.study_text import METRICS, study_name, study_text, toml
from hyperspool.master.studies.validity import validated
from tests.commands import call
from tests.master.init.scripts import ARGPARSE
from tests.processes import REPOSITORY

EXAMPLES = REPOSITORY / "examples"


def written(path: Path) -> dict[str, Any]:
    """The table of the file that is written for a program: a study that can run."""
    table = tomllib.loads(study_text(draft_of(read_program(path, path.parent, None, 60.0), path), "run it.toml"))
    check(table)
    assert command_of(table["objective"], "it", path).unused(space_of(table)) == ()
    return table


def check(table: dict[str, Any]) -> None:
    """Check that a file's table is a valid study, and that its command fits the space."""
    own = command_of(table["objective"], "it", Path("it.toml"))
    spec = validated(published_table(table, Path("it.toml")), "it.toml")
    assert own.problems(spec.space) == ()


def space_of(table: dict[str, Any]) -> Space:
    return Space.model_validate_json(Space.model_validate(table["space"]).model_dump_json())


def searched(table: dict[str, Any]) -> set[str]:
    return {name for name, parameter in space_of(table).items() if not isinstance(parameter, Fixed)}


def words(table: dict[str, Any]) -> list[str]:
    return [word for row in table["objective"]["command"] for word in (row if isinstance(row, list) else [row])]


def value_of(table: dict[str, Any], flag: str) -> str:
    named = words(table)
    return named[named.index(flag) + 1]


def test_each_option_of_a_script_becomes_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ARGPARSE)
    table = written(tmp_path / "train.py")
    assert searched(table) == {
        "lr", "momentum", "weight_decay", "batch_size", "opt", "nesterov", "no_bias", "amp", "trial_2"
    }  # fmt: skip
    placeholders = {
        "--epochs": "{epochs}",
        "--seed": "{seed}",
        "--device": "{device}",
        "--save-path": "{folder}/model.pt",
        "--checkpoint-dir": "{checkpoint_dir}",
        "--lr": "{lr}",
        "--trial": "{trial_2}",
    }
    assert {flag: value_of(table, flag) for flag in placeholders} == placeholders
    assert table["objective"]["command"][:3] == ["python", "train.py", "DATA"]
    assert not {"--num-workers", "--layers", "--pretrain", "-v"} & set(words(table))
    assert table["budget"] == {"epochs": 14}


def test_flags_stand_in_the_command_where_they_are_on(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ARGPARSE)
    flags = [word for word in written(tmp_path / "train.py")["objective"]["command"] if ":" in word]
    assert flags == ["{nesterov:--nesterov}", "{no_bias:--no-bias}", "{amp:--amp|--no-amp}"]


def test_script_of_another_folder_is_named_from_the_study(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text(ARGPARSE)
    program = read_program(tmp_path / "code" / "train.py", tmp_path, None, 60.0)
    assert program.command == ("python", "code/train.py")


def test_measure_comes_from_what_the_script_prints(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ARGPARSE)
    objective = written(tmp_path / "train.py")["objective"]
    assert (objective["measure"], objective["direction"]) == ("val_accuracy", "maximise")
    assert "metrics" in objective


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("print(json.dumps({'val_loss': x}))", ("val_loss", "minimise", False)),
        ("print('test_acc: %.3f' % x)", ("test_acc", "maximise", True)),
        ("print('val/loss={:.2f} val/f1={:.2f}'.format(x, y))", ("f1", "maximise", True)),
        ("print(dict(rmse=x))", ("rmse", "minimise", False)),
        ("SGDClassifier(loss='hinge', penalty='l2')", None),
        ("print(f'train_loss={x}')", None),
        ("def broken(", None),
    ],
)
def test_measure_is_guessed_from_texts_alone(source: str, expected: object) -> None:
    found = guess_measure(source)
    assert (found and (found.name, found.direction, found.has_pattern)) == expected


def test_hostile_help_texts_stay_within_their_comment(tmp_path: Path) -> None:
    hostile = 'x\n[space]\nevil = 1\r\x00\x1b[31m\u202e"""' + "y" * 500
    option = Option((f"--{hostile}",), kind=Kind.FLOAT, default=0.5, choices=(hostile, "\x7f'\"\\"), help=hostile)
    left = Option(("--left",), Form.SEVERAL, help=hostile)
    draft = draft_of(Program(("python", hostile + "{}"), (option, left), "", "--help"), tmp_path / f"{hostile[:20]}.py")
    table = tomllib.loads(study_text(draft, hostile))
    check(table)
    (parameter,) = space_of(table).root.values()
    assert parameter == draft.space[0].parameter
    assert table["objective"]["command"][1] == hostile + "{{}}"


@pytest.mark.parametrize("value", [True, 3, 1e-05, 1e300, 1.0, "a\nb\x7f\"'", [1, "x"]])
def test_values_come_back_from_toml(value: Any) -> None:
    assert tomllib.loads(f"key = {toml(value)}")["key"] == value


@pytest.mark.parametrize("stem", ["train", "träin v2", "..", "-x", "a" * 100, ""])
def test_name_of_a_file_becomes_a_valid_study_name(stem: str) -> None:
    from hyperspool.common.names import is_study_name

    assert is_study_name(study_name(stem))


@pytest.fixture(scope="module")
def anneal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C program of the examples, built elsewhere."""
    if not shutil.which("gcc"):
        pytest.skip("needs gcc")
    program = tmp_path_factory.mktemp("c") / "anneal"
    source = EXAMPLES / "c-program" / "anneal.c"
    subprocess.run(["gcc", "-O1", "-Wall", "-Werror", "-o", program, source, "-lm"], check=True, timeout=60)
    return program


def test_study_of_the_c_program_is_drafted(anneal: Path) -> None:
    table = written(anneal)
    assert searched(table) == {"temperature", "cooling", "moves", "greedy"}
    assert (value_of(table, "--sweeps"), value_of(table, "--seed"), table["budget"]["epochs"]) == (
        "{epochs}",
        "{seed}",
        100,
    )


@pytest.mark.parametrize(
    ("folder", "names", "placeholders", "measure"),
    [
        (
            "pytorch-argparse",
            {"lr", "momentum", "nesterov", "width", "activation", "batch_size"},
            {
                "--epochs": "{epochs}",
                "--seed": "{seed}",
                "--device": "{device}",
                "--checkpoint-dir": "{checkpoint_dir}",
            },
            "val_accuracy",
        ),
        ("click", {"penalty", "kernel", "gamma", "degree", "scale"}, {}, "val_accuracy"),
        (
            "typer",
            {"learning_rate", "l2", "batch_size", "schedule", "average"},
            {"--epochs": "{epochs}", "--seed": "{seed}"},
            "val_loss",
        ),
    ],
)
def test_study_of_each_example_is_drafted(
    folder: str, names: set[str], placeholders: dict[str, str], measure: str
) -> None:
    table = written(EXAMPLES / folder / "train.py")
    assert searched(table) == names
    assert {flag: value_of(table, flag) for flag in placeholders} == placeholders
    assert table["objective"]["measure"] == measure


def test_the_command_writes_never_over_a_file_unasked(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ARGPARSE)
    (tmp_path / "train.toml").write_text("mine")
    refused = call("hyperspool", "init", "train.py", cwd=tmp_path)
    assert refused.returncode == 2
    assert "train.toml exists already" in refused.stderr
    assert (tmp_path / "train.toml").read_text() == "mine"
    written = call("hyperspool", "init", "train.py", "--force", cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    assert "train.toml: a study of train.py" in written.stdout
    assert "Fill in DATA in the command" in written.stdout
    assert "hyperspool run train.toml --workers 2" in written.stdout
    assert "[space]" in (tmp_path / "train.toml").read_text()


@pytest.mark.parametrize("folder", ["pytorch-argparse", "click", "typer", "c-program"])
def test_study_beside_each_example_names_its_parameters(folder: str) -> None:
    table = tomllib.loads((EXAMPLES / folder / "study.toml").read_text())
    own = command_of(table["objective"], folder, EXAMPLES / folder / "study.toml")
    assert own.problems(space_of(table)) == ()
    assert own.unused(space_of(table)) == ()


def test_pattern_finds_epochs_and_metrics() -> None:
    lines = "epoch 3 val_accuracy=0.93 train_loss=2e-1", "epoch: 4", "loss: -0.5", "going on from epoch 3", "took 3 s"
    found = [[(match["name"], match["value"]) for match in re.finditer(METRICS, line)] for line in lines]
    assert found == [
        [("epoch", "3"), ("val_accuracy", "0.93"), ("train_loss", "2e-1")],
        [("epoch", "4")],
        [("loss", "-0.5")],
        [("epoch", "3")],
        [],
    ]
