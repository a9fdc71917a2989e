from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hyperspool.common import atomic
from hyperspool.common.curve import to_text
from hyperspool.common.epochs import RESERVED_NAMES
from hyperspool.common.errors import UsageError
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.objectives import EPOCH_METRICS
from hyperspool.common.records import (
    MAX_METRICS,
    Failure,
    FailureKind,
    Status,
    Times,
)
from hyperspool.master.analysis.data.columns import params_of
from hyperspool.master.analysis.data.frames import curves_frame, load_study, spent_s, trials_frame
from tests.conftest import spec_of
from tests.master.analysis.data.written import X, epochs_of, finish, publish
from tests.master.analysis.searched import searched

NAN = float("nan")


def test_trials_and_epochs_are_rows_with_all_recorded_fields(root: Path) -> None:
    folder = publish(root, X)
    finish(folder, 3, {"x": 0.1}, 0.9, 0.2, 0.4)
    data = load_study(root, "demo")
    row = data.trials.iloc[0].to_dict()
    assert row.pop("published_at") == pd.Timestamp("2026-01-31T12:00:00Z")
    assert row.pop("claimed_at") == pd.Timestamp("2026-01-31T12:00:01.250Z")
    assert row.pop("ended_at") == pd.Timestamp("2026-01-31T12:00:03Z")
    assert pd.isna(row.pop("round"))
    assert row == {
        "trial": 3,
        "rung": 0,
        "setting": 0,
        "replicate": 0,
        "status": "COMPLETE",
        "value": 0.4,
        "diverged": False,
        "batch": 0,
        "stage": "search",
        "failure": None,
        "failure_message": None,
        "epochs": 3,
        "best_epoch": 2.0,
        "best_value": 0.2,
        "attempts": 1,
        "issue": 1,
        "evaluation_s": 1.75,
        "training_s": 1.5,
        "worker": "lab-1",
        "host": "lab",
        "device": "cpu",
        "threads": 1,
        "seed_initialisation": 1,
        "seed_shuffling": 2,
        "seed_dropout": 4294967295,
        "params_x": 0.1,
    }
    assert data.curves["epoch"].tolist() == [1, 2, 3]
    assert data.curves["elapsed_s"].tolist() == [0.5, 1.0, 1.5]
    assert data.curves["validation_error"].tolist() == [0.9, 0.2, 0.4]
    assert set(data.curves["trial"]) == {3}
    assert data.unreadable == ()


def test_batch_stage_and_round_are_the_journals() -> None:
    rounds = {"name": "coarse-to-fine", "rounds": 2, "keep": 2}
    spec = spec_of(trials=6, batch=2, sampler=rounds, confirm={"finalists": 1, "replicates": 3})
    data = searched(spec, lambda _, params: float(params["x"]), done=8)
    assert data.trials["batch"].tolist() == [0, 0, 1, 2, 2, 3, 4, 4]
    assert data.trials["stage"].tolist() == ["search"] * 6 + ["confirmation"] * 2
    assert data.trials["round"].tolist()[:6] == [1, 1, 1, 2, 2, 2]
    assert data.trials["round"].isna().tolist()[6:] == [True, True]
    assert [seen.trial for seen in data.evaluations] == list(range(8))
    assert all(seen.stage == data.journal.stage(seen.trial) for seen in data.evaluations)
    assert [seen.value for seen in data.evaluations] == data.trials["value"].tolist()


def test_an_empty_study_has_the_same_column_types(root: Path) -> None:
    space = X | {
        "n": {"type": "int", "low": 1, "high": 9},
        "kind": ["a", "b"],
        "mixed": [1, "a"],
        "flag": [True, False],
    }
    folder = publish(root, space)
    empty = load_study(root, "demo")
    finish(folder, 0, {"x": 0.5, "n": 2, "kind": "a", "mixed": 1, "flag": True}, 0.5)
    full = load_study(root, "demo")
    assert empty.trials.empty
    assert empty.curves.empty
    assert empty.trials.dtypes.to_dict() == full.trials.dtypes.to_dict()
    # The metrics' columns are those that trials reported.
    assert tuple(empty.curves) == RESERVED_NAMES
    assert empty.curves.dtypes.to_dict() == full.curves[empty.curves.columns].dtypes.to_dict()
    types = full.trials.dtypes.astype(str)
    assert types.filter(like="params_").to_dict() == {
        "params_x": "float64",
        "params_n": "int64",
        "params_kind": "object",
        "params_mixed": "object",
        "params_flag": "bool",
    }


def test_trials_of_equal_params_are_replicates_of_one_setting(root: Path) -> None:
    folder = publish(root, X | {"flag": [True, 1, "a"]})
    for trial, params in enumerate(
        [{"x": 0.5, "flag": 1}, {"x": 0.5, "flag": True}, {"flag": 1.0, "x": 0.5}, {"x": 0.25, "flag": 1}]
    ):
        finish(folder, trial, params, 0.5)
    data = load_study(root, "demo")
    assert data.trials["setting"].tolist() == [0, 1, 0, 2]
    assert data.trials["replicate"].tolist() == [0, 0, 1, 0]
    assert data.curves["setting"].tolist() == [0, 1, 0, 2]


def test_invalid_results_are_named_and_stay_where_they_are(root: Path) -> None:
    folder = publish(root, X, trials=4)
    finish(folder, 0, {"x": 0.5}, 0.5)
    folder.result(1).write_text("torn")
    folder.result(2).write_text(folder.result(0).read_text())
    finish(folder, 3, {"x": 7.0}, 0.5)
    finish(folder, 9, {"x": 0.5}, 0.5)
    data = load_study(root, "demo")
    assert data.trials["trial"].tolist() == [0]
    assert data.curves["trial"].tolist() == [0]
    assert len(data.unreadable) == 4
    for trial, line, reason in zip(
        [1, 2, 3, 9], data.unreadable, ["JSON", "trial: found 0, expected 2", "7.0", "trial"], strict=True
    ):
        assert line.startswith(f"{folder.result(trial)}: ")
        assert reason in line
        assert folder.result(trial).exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (to_text(epochs_of(0.5, 0.4))[:-5], "torn"),
        (to_text(epochs_of(0.5, 0.4)).replace("0.4", "good"), "not an epoch"),
        (to_text(epochs_of(0.5)), "found 1 epochs, but the result counts 2"),
        ("", "is empty"),
        ("epoch,seconds,a b\n1,1,1\n2,1,1\n", "found a metric 'a b'"),
        (None, "missing"),
    ],
)
def test_a_malformed_curve_is_named_and_its_trial_stays(root: Path, text: str | None, reason: str) -> None:
    folder = publish(root, X)
    finish(folder, 0, {"x": 0.5}, 0.5, 0.4)
    finish(folder, 1, {"x": 0.6}, 0.5)
    folder.curve(0).unlink()
    if text is not None:
        folder.curve(0).write_text(text)
    data = load_study(root, "demo")
    assert data.trials["trial"].tolist() == [0, 1]
    assert data.curves["trial"].tolist() == [1]
    (line,) = data.unreadable
    assert line.startswith(f"{folder.curve(0)}: ")
    assert reason in line


def test_curves_have_a_column_for_every_reported_metric(root: Path) -> None:
    folder = publish(root, X)
    finish(folder, 0, {"x": 0.5}, epochs=2)
    finish(folder, 1, {"x": 0.6}, epochs=1)
    folder.curve(0).write_text("epoch,seconds,accuracy,f1\n1,0.5,0.25,\n3,0.5,0.5,nan\n")
    folder.curve(1).write_text("epoch,seconds,auc,accuracy\n1,0.5,inf,0.75\n")
    data = load_study(root, "demo")
    assert list(data.curves.columns) == [*RESERVED_NAMES, "accuracy", "f1", "auc"]
    assert data.curves["accuracy"].tolist() == [0.25, 0.5, 0.75]
    assert data.curves["f1"].isna().all()
    assert data.curves["auc"].tolist()[2] == float("inf")
    assert data.curves["auc"].isna().tolist() == [True, True, False]
    assert data.unreadable == ()


def test_a_network_study_has_its_metrics_before_the_first_epoch(folder: StudyFolder) -> None:
    spec = spec_of(objective={"name": "mlp"}, space={"learning_rate": [0.1]}, sampler={"name": "grid"}, trials=1)
    atomic.replace(folder.spec, spec.to_json(), durable=False)
    curves = load_study(folder.root, "demo").curves
    assert list(curves.columns) == [*RESERVED_NAMES, *EPOCH_METRICS]
    assert {str(curves[name].dtype) for name in EPOCH_METRICS} == {"float64"}


def test_curves_together_have_a_limited_number_of_metrics(root: Path) -> None:
    folder = publish(root, X)
    for trial in range(2):
        finish(folder, trial, {"x": 0.5}, epochs=1)
        names = ",".join(f"m{trial}_{number}" for number in range(60))
        folder.curve(trial).write_text(f"epoch,seconds,{names}\n1,1{',7' * 60}\n")
    data = load_study(root, "demo")
    assert len(data.curves.columns) == len(RESERVED_NAMES) + MAX_METRICS
    assert data.curves["m1_39"].tolist()[1] == 7
    (line,) = data.unreadable
    assert line.startswith(f"{folder.curve(1)}: 20 of its metrics are left out")


def test_a_curve_that_was_not_yet_moved_is_read(root: Path) -> None:
    folder = publish(root, X)
    finish(folder, 0, {"x": 0.5}, 0.5, 0.4, issue=2, attempt=3)
    folder.curve(0).rename(folder.running_curve(AttemptName(Issue(0, number=2), 3)))
    data = load_study(root, "demo")
    assert data.curves["validation_error"].tolist() == [0.5, 0.4]
    assert data.unreadable == ()


def test_a_failed_trial_has_no_value_but_a_reason(root: Path) -> None:
    failure = Failure(kind=FailureKind.TIME_LIMIT, message="too slow")
    finish(publish(root, X), 0, {"x": 0.5}, status=Status.FAILED, value=None, failure=failure)
    row = trials_frame(root, "demo").iloc[0]
    assert pd.isna(row["value"])
    assert pd.isna(row["best_epoch"])
    assert (row["status"], row["failure"], row["failure_message"]) == ("FAILED", "time_limit", "too slow")


def test_attempts_include_those_of_earlier_issues(root: Path) -> None:
    finish(publish(root, X), 0, {"x": 0.5}, 0.5, issue=2, attempt=3)
    assert trials_frame(root, "demo")["attempts"].tolist() == [4]


def test_losses_that_are_not_finite_are_kept(root: Path) -> None:
    finish(publish(root, X), 0, {"x": 0.5}, 0.9, loss=NAN, diverged=True)
    finish(StudyFolder(root, "demo"), 1, {"x": 0.6}, 0.9, loss=float("inf"), diverged=True)
    losses = curves_frame(root, "demo")["training_loss"].tolist()
    assert losses[0] != losses[0]
    assert losses[1] == float("inf")


def test_params_come_back_typed_and_without_inactive_ones(root: Path) -> None:
    space = {
        "method": ["sgd", "adam"],
        "steps": {"type": "int", "low": 1, "high": 9, "when": {"method": "sgd"}},
        "beta": {"type": "categorical", "choices": [1, 0.5], "when": {"method": "adam"}},
        "is_warm": {"type": "fixed", "value": True, "when": {"method": "adam"}},
    }
    folder = publish(root, space)
    given: list[dict[str, Any]] = [
        {"method": "sgd", "steps": 4},
        {"method": "adam", "beta": 1, "is_warm": True},
        {"method": "adam", "beta": 0.5, "is_warm": True},
    ]
    for trial, params in enumerate(given):
        finish(folder, trial, params, 0.5)
    data = load_study(root, "demo")
    assert data.trials["params_steps"].isna().tolist() == [False, True, True]
    assert data.trials["params_is_warm"].isna().tolist() == [True, False, False]
    found = [params_of(data.spec, row) for _, row in data.trials.iterrows()]
    assert found == given
    assert [type(value) for value in found[0].values()] == [str, int]
    assert [type(value) for value in found[1].values()] == [str, int, bool]


def test_values_equal_except_for_last_digits_are_one_value(root: Path) -> None:
    folder = publish(root, {"n": [1, 2], "rate": [0.1, 0.2]})
    finish(folder, 0, {"n": 1, "rate": 0.1}, 0.5)
    finish(folder, 1, {"n": 1.00000000001, "rate": 0.10000000000001}, 0.5)
    data = load_study(root, "demo")
    assert data.trials["setting"].tolist() == [0, 0]
    assert data.trials["params_n"].tolist() == [1, 1]


def test_a_text_that_is_not_a_time_is_missing(root: Path) -> None:
    times = Times(published_at="", claimed_at="yesterday", ended_at="99999-01-01", evaluation_s=1.0, training_s=0.0)
    finish(publish(root, X), 0, {"x": 0.5}, times=times)
    data = load_study(root, "demo")
    assert data.trials[["published_at", "claimed_at", "ended_at"]].isna().all(axis=None)


def test_a_trial_without_epochs_cost_the_time_of_its_attempt(root: Path) -> None:
    folder = publish(root, X)
    finish(folder, 0, {"x": 0.5})
    finish(folder, 1, {"x": 0.6}, 0.5, 0.4)
    assert spent_s(load_study(root, "demo").trials).tolist() == [1.75, 1.0]


def test_an_unknown_study_is_a_usage_error(root: Path) -> None:
    with pytest.raises(UsageError, match="no study 'other'"):
        load_study(root, "other")
