"""W&B sweeps as people write them, and files that are none."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.errors import UsageError
from hyperspool.common.space import Categorical, Space
from hyperspool.master.init.draft import Draft, Entry
from hyperspool.master.init.study_text import study_text
from hyperspool.master.init.sweep import draft_of_sweep
from hyperspool.master.init.writing import write_draft
from tests.commands import call
from tests.master.init.test_draft import check
from tests.processes import REPOSITORY

SWEEP = """
program: train.py
name: My sweep
project: demo
method: bayes
metric: {name: val/loss, goal: minimize, target: 0.1}
run_cap: 50
early_terminate: {type: hyperband, min_iter: 3}
parameters:
  epochs: {value: 12}
  seed: {values: [1, 2]}
  lr: {distribution: log_uniform_values, min: 1e-5, max: 1e-1}
  batch-size: {values: [16, 32]}
  nesterov: {values: [true, false]}
  frozen: {value: true}
  net: {parameters: {depth: {values: [1, 2]}}}
"""
DEFAULT = [
    "python",
    "train.py",
    "--epochs={epochs}",
    "--seed={seed_2}",
    "--lr={lr}",
    "--batch-size={batch_size}",
    "--nesterov={nesterov}",
    "--frozen={frozen}",
]


def draft(folder: Path, text: str) -> tuple[Draft, dict[str, Any]]:
    """The draft, and the table of its file; the space is valid."""
    (folder / "sweep.yaml").write_text(text)
    found = draft_of_sweep(folder / "sweep.yaml", folder)
    table = tomllib.loads(study_text(found, "hyperspool run sweep.toml"))
    check(table)
    assert Space.model_validate(table["space"]).root == {entry.name: entry.parameter for entry in found.space}
    return found, table


def refusal(folder: Path, content: str | bytes) -> str:
    path = folder / "sweep.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UsageError) as caught:
        draft_of_sweep(path, folder)
    assert str(caught.value).startswith(f"{path} cannot be read as a W&B sweep: ")
    return str(caught.value)


def test_sweep_becomes_a_study(tmp_path: Path) -> None:
    _, table = draft(tmp_path, SWEEP)
    assert table == {
        "name": "My-sweep",
        "trials": 50,
        "sampler": {"name": "auto"},
        "objective": {"name": "My-sweep", "command": DEFAULT, "measure": "val_loss", "direction": "minimise"},
        "budget": {"epochs": 12},
        "space": {
            "seed_2": [1, 2],
            "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
            "batch_size": [16, 32],
            "nesterov": ["True", "False"],
            "frozen": "True",
        },
    }


@pytest.mark.parametrize("path", sorted((REPOSITORY / "examples").rglob("wandb_*.yaml")), ids=lambda path: path.stem)
def test_sweep_of_each_example_becomes_a_study(path: Path) -> None:
    found = draft_of_sweep(path, path.parent)
    check(tomllib.loads(study_text(found, "run")))
    assert found.trials == 12
    assert not found.left_out


def test_what_a_study_has_not_is_said(tmp_path: Path) -> None:
    found, _ = draft(tmp_path, SWEEP)
    assert [name for name, _ in found.left_out] == ["net", "metric.target", "early_terminate", "project"]
    said = " ".join(found.remarks)
    assert found.sampler == "auto"
    assert "seed is called seed_2 here" in said
    assert '{"epoch": epoch, "val_loss": value}' in said


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("[python3, '${program}', '${args_no_hyphens}']", ["python3", "train.py", "lr={lr}", "fast={fast}"]),
        ("[python3, '${program}', '${args_no_equals}']", ["python3", "train.py", "--lr", "{lr}", "--fast", "{fast}"]),
        (
            "['${env}', '${interpreter}', -u, '${program}', '${args_no_boolean_flags}', --last, 3]",
            ["python", "-u", "train.py", "--lr={lr}", "{fast:--fast}", "--last", "3"],
        ),
        ("./train.sh 'two words' ${args}", ["./train.sh", "two words", "--lr={lr}", "--fast={fast}"]),
        (
            "[python, '--data=${envvar:DATA_DIR}', '${args}']",
            ["python", "--data=DATA_DIR", "--lr={lr}", "--fast={fast}"],
        ),
    ],
)
def test_command_and_its_macros_are_carried_over(tmp_path: Path, command: str, expected: list[object]) -> None:
    parameters = "{lr: {min: 0.1, max: 0.2}, fast: {values: [true, false]}}"
    text = f"program: train.py\nmethod: random\nparameters: {parameters}\ncommand: {command}\n"
    _, table = draft(tmp_path, text)
    assert table["objective"]["command"] == expected


@pytest.mark.parametrize("command", ["[python, train.py]", "[python, train.py, '${args_json}']"])
def test_command_without_options_points_to_the_variable(tmp_path: Path, command: str) -> None:
    found, _ = draft(tmp_path, f"method: random\nparameters: {{lr: {{min: 0.1, max: 0.2}}}}\ncommand: {command}\n")
    assert "HYPERSPOOL_PARAMS" in " ".join(found.remarks)


def test_grid_has_no_number_of_trials(tmp_path: Path) -> None:
    text = "program: train.py\nmethod: grid\nparameters: {lr: {values: [1, 2]}, width: {min: 1, max: 3}}\n"
    _, table = draft(tmp_path, text)
    assert table["sampler"] == {"name": "grid"}
    assert "trials" not in table


def test_grid_over_a_range_becomes_random(tmp_path: Path) -> None:
    found, table = draft(tmp_path, "program: t.py\nmethod: grid\nparameters: {lr: {min: 0.1, max: 0.2}}\n")
    assert "sampler" not in table
    assert table["trials"] == 30
    assert "grid became random search: space.lr" in " ".join(found.remarks)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no table `parameters`"),
        ("- a\n- b\n", "no table `parameters`"),
        ("parameters: {}\n", "no table `parameters`"),
        ("parameters: [1]\n", "no table `parameters`"),
        ("parameters: {lr: {min: 0.1, max: 0.2}}\n", "program: missing"),
        ("program: t.py\nmetric: {goal: up}\nparameters: {lr: {values: [1, 2]}}\n", "metric.goal: found 'up'"),
        ("program: t.py\nrun_cap: many\nparameters: {lr: {values: [1, 2]}}\n", "run_cap: found 'many'"),
        ("program: t.py\ncommand: {a: 1}\nparameters: {lr: {values: [1, 2]}}\n", "command: found"),
        ('program: t.py\ncommand: "\'"\nparameters: {lr: {values: [1, 2]}}\n', "command: No closing quotation"),
        ("a: [1, 2\n", "not valid YAML"),
        ("a: !!python/object/apply:os.system ['touch ran']\n", "not valid YAML"),
        ("a: 2020-02-31\n", "not valid YAML"),
        ("a: " + "[" * 100_000, "nested more than 50 deep"),
        (b"\x80\x81", "not valid YAML"),
        ("a: &a [1, 2]\nb: &b [*a, *a]\nc: [*b, *b]\n", "it has aliases"),
        ("a: &a {x: 1}\nb: {<<: *a}\n", "it has aliases"),
        ("a: 1\n" * 100_000, "longer than"),
    ],
)
def test_what_is_no_sweep_is_refused_with_one_message(tmp_path: Path, content: str | bytes, said: str) -> None:
    assert said in refusal(tmp_path, content)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("{lr: {min: 2, max: 1}}", "has nothing to search (lr: low is 2 and high is 1"),
        ("{lr: {value: 1}}", "has nothing to search"),
    ],
    ids=["no range", "one value"],
)
def test_space_that_no_study_has_is_refused(tmp_path: Path, parameters: str, said: str) -> None:
    (tmp_path / "sweep.yaml").write_text(f"program: t.py\nmethod: random\nparameters: {parameters}\n")
    with pytest.raises(UsageError) as caught:
        write_draft(draft_of_sweep(tmp_path / "sweep.yaml", tmp_path), tmp_path / "out.toml", "run", is_forced=False)
    assert said in str(caught.value)
    assert not (tmp_path / "out.toml").exists()


def test_space_with_too_many_values_is_refused() -> None:
    choices = Categorical(type="categorical", choices=tuple(range(6000)))
    with pytest.raises(UsageError, match="found 12000 values"):
        Draft("it", "it.py", space=[Entry("a", choices), Entry("b", choices)]).checked_space()


def test_sweep_is_drafted_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    called = call("hyperspool", "init", "sweep.yaml", "--out", "mine.toml", cwd=tmp_path)
    assert called.returncode == 0, called.stderr
    assert "mine.toml: a study of sweep.yaml" in called.stdout
    assert "early_terminate" in called.stdout
    assert 'name = "mine"' in (tmp_path / "mine.toml").read_text()
    assert "hyperspool run mine.toml --workers 2" in called.stdout


def test_sweep_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml cannot be read as a W&B sweep: No such file"):
        draft_of_sweep(tmp_path / "none.yaml", tmp_path)
