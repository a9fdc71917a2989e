from pathlib import Path
from typing import Any

import pytest

from hyperspool.common import atomic
from hyperspool.common.errors import StudyError, UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.space import Categorical
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.preset import load_preset, preset_names
from hyperspool.master.studies.published import differences, published_study
from hyperspool.master.studies.source import find_study
from tests.conftest import MakeStudy, spec_of


def changes(*assignments: str, **shortcuts: Any) -> Changes:
    return Changes.parse({f"--{key}": (key, value) for key, value in shortcuts.items()}, assignments)


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_valid_and_named_like_its_file(name: str) -> None:
    spec = load_preset(name)
    assert spec.name == name
    assert spec.title


def test_scenario6_is_the_exercises() -> None:
    spec = load_preset("scenario6")
    space = {name: parameter.model_dump(exclude_defaults=True) for name, parameter in spec.space.items()}
    assert space == {
        "num_filters": {"type": "int", "low": 10, "high": 100},
        "learning_rate": {"type": "float", "low": 0.01, "high": pytest.approx(10**-0.5), "log": True},
        "momentum": {"type": "float", "low": 0.0, "high": 1.0},
        "batch_size": {"type": "int", "low": 2**4, "high": 2**8, "log": True},
    }
    assert (spec.trials, spec.batch, spec.epochs) == (40, 8, 5)
    assert spec.data is not None
    assert spec.data.name == "digits"


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_fits_another_data_set_and_a_small_budget(root: Path, name: str) -> None:
    spec = find_study(name, root, changes("data.name=mnist", "budget.epochs=1"))
    assert (spec.data.name if spec.data else None, spec.epochs) == ("mnist", 1)


@pytest.mark.parametrize("name", [name for name in preset_names() if name.startswith(("scenario", "stoch"))])
def test_every_scenario_except_scenario6_trains_for_fifty_epochs(name: str) -> None:
    assert load_preset(name).epochs == (5 if name == "scenario6" else 50)


@pytest.mark.parametrize(
    ("name", "trials", "lists"),
    [
        ("scenario1", 21, {"learning_rate": (0.001, 0.01, 0.02, 0.03, 0.05, 1.0, 2.0)}),
        ("scenario2", 9, {"learning_rate": (0.1, 0.2, 0.5), "batch_size": (20, 100, 500)}),
        ("scenario3", 9, {"learning_rate": (0.001, 0.01, 0.1), "momentum": (0.0, 0.5, 0.9)}),
        ("scenario4", 9, {"num_filters": tuple(2**power for power in range(9))}),
        ("stochasticity", 25, {"varies": ("none", "initialisation", "shuffling", "dropout", "all")}),
    ],
)
def test_a_grid_of_the_exercise_varies_what_it_asks_about(name: str, trials: int, lists: dict[str, Any]) -> None:
    spec = load_preset(name)
    varied = {key: it.choices for key, it in spec.space.items() if isinstance(it, Categorical)}
    assert varied == lists
    assert spec.sampler.name == "grid"
    assert spec.trials == trials


def test_scenario5_searches_the_space_of_scenario6_at_random() -> None:
    spec = load_preset("scenario5")
    assert spec.space == load_preset("scenario6").space
    assert (spec.trials, spec.sampler.name) == (100, "random")


def test_grid_is_counted_after_the_command_lines_changes(root: Path) -> None:
    assert find_study("scenario3", root, changes("space.momentum=[0.0, 0.9]")).trials == 6
    assert find_study("scenario3", root, changes(replicates=2)).trials == 18
    assert find_study("scenario3", root, changes(trials=4)).trials == 4
    with pytest.raises(StudyError, match=r"trials: found 10, expected at most 9: .* \(from --trials\)"):
        find_study("scenario3", root, changes(trials=10))


def test_published_grid_is_found_by_its_name(root: Path) -> None:
    spec = find_study("scenario3", root, changes("name=mine"))
    study = StudyFolder(root, "mine")
    for path in study.folders:
        atomic.make_folder(path)
    atomic.write_once(study.spec, spec.to_json())
    assert find_study("mine", root, Changes()) == spec


def test_study_is_named_after_its_file_by_default(root: Path, make_study: MakeStudy) -> None:
    path = make_study("square", name="mine")
    assert find_study(str(path), root, Changes()).name == "mine"
    path.write_text('name = "yours"\n' + path.read_text())
    assert find_study(str(path), root, Changes()).name == "yours"


def test_the_command_line_changes_any_key(root: Path) -> None:
    wanted = changes(
        "limits.time_limit_s=60", "space.momentum = 0.9", "data.train_size=500", "title=two words", trials=3
    )
    spec = find_study("scenario6", root, wanted)
    assert spec.trials == 3
    assert spec.limits.time_limit_s == 60.0
    assert spec.space.root["momentum"].model_dump()["value"] == 0.9
    assert spec.data is not None
    assert spec.data.train_size == 500
    assert spec.title == "two words"


def test_message_about_a_wrong_change_names_the_option(root: Path) -> None:
    with pytest.raises(StudyError) as caught:
        find_study("scenario6", root, changes("budget.epohcs=3", trials=0))
    assert str(caught.value) == (
        "preset scenario6 is not a valid study:\n"
        "  trials: found 0, expected greater than or equal to 1 (from --trials)\n"
        "  budget.epohcs: unknown key (did you mean epochs?); allowed: epochs, horizon (from --set budget.epohcs)"
    )


def test_none_unsets_a_key_but_is_a_parameters_text() -> None:
    assert changes("limits.time_limit_s=None").values == {"limits.time_limit_s": None}
    assert changes("space.varies=none").values == {"space.varies": "none"}


def test_texts_that_could_be_nothing_else_are_known() -> None:
    assert changes("space.a=no", "space.b=False", 'space.c="no"', "space.d=.5").texts == ("space.a",)


@pytest.mark.parametrize("assignment", ["trials", "=3", "a..b=3"])
def test_malformed_change_is_refused(assignment: str) -> None:
    with pytest.raises(UsageError, match="expected KEY=VALUE"):
        changes(assignment)


def test_a_change_below_a_value_is_refused(root: Path) -> None:
    with pytest.raises(UsageError, match="trials is 40, which is not a table"):
        find_study("scenario6", root, changes("trials.x=3"))


@pytest.mark.parametrize("study", ["no-such-study", "../jobs/x", "a/b", ""])
def test_unknown_study_is_refused(root: Path, study: str) -> None:
    with pytest.raises(UsageError):
        find_study(study, root, Changes())


@pytest.mark.parametrize(
    ("study", "start"),
    [
        ("scenaro6", "did you mean scenario6? no study 'scenaro6': the folder "),
        ("dmeo", "did you mean demo? no study 'dmeo': the folder "),
        ("nothing-like-it", "no study 'nothing-like-it': the folder "),
    ],
)
def test_misspelt_study_is_answered_with_the_nearest_name(folder: StudyFolder, study: str, start: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_study(study, folder.root, Changes())
    message = str(caught.value)
    assert message.startswith(start)
    assert f"holds demo; the presets, which `run` takes too, are {', '.join(preset_names())}" in message


def test_unpublished_preset_is_not_taken_for_misspelt(folder: StudyFolder) -> None:
    with pytest.raises(UsageError, match=r"^no study 'scenario6': .* to run it: .* run scenario6 --root"):
        published_study(folder.root, "scenario6")


def test_file_that_is_missing_or_not_toml_is_refused(root: Path) -> None:
    with pytest.raises(UsageError, match="there is no study file"):
        find_study(str(root / "gone.toml"), root, Changes())
    (root / "bad.toml").write_text("trials = = 3")
    with pytest.raises(StudyError, match=r"not valid TOML.*\n    'trials = = 3'"):
        find_study(str(root / "bad.toml"), root, Changes())
    (root / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="not UTF-8 text"):
        find_study(str(root / "binary.toml"), root, Changes())


def test_a_published_study_is_found_by_its_name(root: Path, folder: StudyFolder) -> None:
    assert find_study("demo", root, Changes()) == spec_of()
    assert folder.name == "demo"


def test_differences_name_each_key_and_ignore_titles() -> None:
    first = spec_of(title="one")
    assert differences(first, spec_of(title="two")) == {}
    second = spec_of(budget={"epochs": 2}, space={"x": 0.5}, limits={"time_limit_s": 3.0})
    assert differences(first, second) == {
        "budget.epochs": (1, 2),
        "space.x.type": ("float", "fixed"),
        "space.x.low": (0.0, None),
        "space.x.high": (1.0, None),
        "space.x.log": (False, None),
        "limits.time_limit_s": (None, 3.0),
        "space.x.value": (None, 0.5),
    }


FAULTY = """
trials = "many"
bacth = 4
objective = { name = "cnn", command = "python train.py" }
budget.epochs = 0
limits.max_attempts = -1
[space]
learning_rate = { low = 1.0, high = 0.1 }
momentum = { low = 0.0, high = 2.0 }
filters = 3
"""


def test_one_message_names_every_fault_of_a_file(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "faulty.toml"
    path.write_text(FAULTY)
    with pytest.raises(StudyError) as caught:
        find_study(str(path), root, Changes())
    keys = [problem.split(":")[0] for problem in caught.value.problems]
    assert sorted(keys) == sorted(
        [
            "objective.command",
            "trials",
            "bacth",
            "budget.epochs",
            "limits.max_attempts",
            "space.learning_rate",
            "space.momentum.high",
            "space.filters",
        ]
    )


def test_network_needs_a_budget_and_other_objectives_do_not(root: Path, make_study: MakeStudy) -> None:
    path = make_study("square")
    path.write_text(path.read_text().replace("budget.epochs = 1", ""))
    spec = find_study(str(path), root, Changes())
    assert spec.budget is None
    assert spec.epochs == 1
    assert b"budget" not in spec.to_json()
    assert find_study(str(path), root, changes("budget.epochs=3")).epochs == 3
    with pytest.raises(StudyError, match=r"budget.epochs: missing; cnn trains for a number of epochs"):
        find_study(str(path), root, changes("objective.name=cnn"))
