"""A study in Optuna's words: every state, every kind of parameter, several objectives, constraints."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

import hyperspool as hs
from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.exports.optuna_study import optuna_study
from tests.commands import said
from tests.master.analysis.synthetic import make_study_data, with_goals
from tests.master.analysis.varied import CURVES, SEVERAL, write_varied


@pytest.fixture
def folder(root: Path) -> StudyFolder:
    return write_varied(root)


def shown(trial: Any) -> dict[str, Any]:
    """What Optuna says of a trial, without what belongs to a storage."""
    kept = ("number", "state", "values", "params", "distributions", "user_attrs", "intermediate_values", "constraints")
    times = ("datetime_start", "datetime_complete")
    return {name: getattr(trial, name) for name in (*kept, *times)}


def test_a_trial_of_each_state_comes_over(folder: StudyFolder) -> None:
    trials = hs.to_optuna("demo", folder.root).trials
    names = ["COMPLETE", "PRUNED", "FAIL", "RUNNING", "WAITING"]
    assert [trial.state.name for trial in trials] == names
    assert [trial.values for trial in trials] == [[0.125], [0.75], None, None, None]
    assert [list(trial.intermediate_values.values()) for trial in trials[:4]] == [list(curve) for curve in CURVES]
    assert trials[2].user_attrs["failure"] == "exception: ValueError: <b>boom</b>"
    assert (trials[0].user_attrs["size_mb"], trials[1].user_attrs["attempts"]) == (2.5, 2)


def test_params_come_over_with_their_ranges(folder: StudyFolder) -> None:
    first, second, *_ = hs.to_optuna("demo", folder.root).trials
    assert first.params == {"kind": "adam", "rate": 0.1 + 0.2, "layers": 3, "mixed": "1"}
    assert second.params == {"kind": "sgd", "momentum": 0.3, "rate": 0.5, "layers": 1, "mixed": "true"}
    assert second.distributions == {
        "kind": CategoricalDistribution(["adam", "sgd"]),
        "momentum": FloatDistribution(0.0, 0.9, step=0.3),
        "rate": FloatDistribution(0.001, 1.0, log=True),
        "layers": IntDistribution(1, 9, step=2),
        "mixed": CategoricalDistribution(["1", "true", "auto"]),
    }


def test_times_come_over_also_of_a_running_trial(folder: StudyFolder) -> None:
    trials = hs.to_optuna("demo", folder.root).trials
    begins = [trial.datetime_start.astimezone(UTC) for trial in trials[:4] if trial.datetime_start]
    assert begins[0] == datetime(2026, 1, 31, 12, 0, 10, 250_000, tzinfo=UTC)
    assert begins[3] == datetime(2026, 1, 31, 12, 0, 30, tzinfo=UTC)
    assert trials[0].duration is not None
    assert trials[0].duration.total_seconds() == 9.75


def test_a_study_says_what_optuna_has_no_word_for(folder: StudyFolder) -> None:
    study = hs.to_optuna("demo", folder.root)
    assert study.user_attrs["fixed"] == {"width": 3}
    assert study.user_attrs["title"] == "One of each"
    assert (study.direction.name, study.metric_names) == ("MAXIMIZE", ["accuracy"])


def test_several_objectives_and_constraints_come_over(root: Path) -> None:
    study = hs.to_optuna("demo", write_varied(root, **SEVERAL).root)
    assert [way.name for way in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert [trial.values for trial in study.trials[:3]] == [[0.125, 2.5], [0.75, 5.0], None]
    assert [list(trial.constraints.values()) for trial in study.trials[:3]] == [[-1.5], [1.0], []]
    assert [trial.number for trial in study.best_trials] == [0]
    assert study.user_attrs["constraints"] == ["size_mb <= 4"]


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_optunas_own_importances_and_plots_read_it() -> None:
    study = optuna_study(make_study_data(trials=30, fails=[3]))
    assert set(optuna.importance.get_param_importances(study)) == set(study.best_trial.params)
    front = optuna_study(with_goals(make_study_data(trials=20, objective="mine")))
    figure = optuna.visualization.matplotlib.plot_pareto_front(front)
    assert (figure.get_xlabel(), figure.get_ylabel()) == ("error", "speed")


def test_a_trial_whose_files_are_lost_shifts_no_number() -> None:
    data = make_study_data(trials=5)
    object.__setattr__(data, "trials", data.trials[data.trials["trial"] != 2])  # a frozen record of the test's own
    trials = optuna_study(data).trials
    assert [trial.number for trial in trials] == [0, 1, 2, 3, 4]
    assert [trial.state for trial in trials].index(TrialState.WAITING) == 2


def test_steps_too_many_for_optuna_become_a_plain_range() -> None:
    space = {"x": {"type": "float", "low": 0.0, "high": 1.0, "step": 1e-9}}
    trial = optuna_study(make_study_data(space, trials=20, objective="mine")).trials[7]
    assert trial.distributions == {"x": FloatDistribution(0.0, 1.0)}


def test_the_journal_reads_back_the_same_study(folder: StudyFolder, tmp_path: Path) -> None:
    out = tmp_path / "demo.journal"
    said("master", "export", "demo", "--root", str(folder.root), "--format", "optuna", "--out", str(out))
    read = optuna.load_study(study_name="demo", storage=JournalStorage(JournalFileBackend(str(out))))
    expected = hs.to_optuna("demo", folder.root)
    assert list(map(shown, read.trials)) == list(map(shown, expected.trials))
    assert (read.directions, read.metric_names) == (expected.directions, expected.metric_names)
    assert read.user_attrs == expected.user_attrs
    first = out.read_bytes()
    said("master", "export", "demo", "--root", str(folder.root), "--format", "optuna", "--out", str(out))
    assert out.read_bytes() == first


def test_importing_hyperspool_loads_no_optuna() -> None:
    code = "import sys, hyperspool; hyperspool.to_optuna; print('optuna' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "False\n"
