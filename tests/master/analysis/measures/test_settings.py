from typing import Any

import pandas as pd
import pytest

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.settings import (
    ONLY_SETTING,
    Axis,
    is_grid,
    searched_parameters,
    setting_label,
    setting_labels,
    settings_table,
)
from tests.master.analysis.synthetic import SPACE, make_study_data

OWN = ("cnn", "mine")


def axes_of(space: dict[str, Any], sampler: str = "random") -> list[Axis]:
    table = {
        "name": "demo",
        "trials": 1,
        "objective": {"name": "mine"},
        "budget": {"epochs": 1},
        "sampler": {"name": sampler},
        "space": space,
    }
    return searched_parameters(StudySpec.model_validate(table))


def test_a_parameter_with_one_value_does_not_vary() -> None:
    space = {
        "a": 1,
        "b": ["only"],
        "c": {"type": "float", "low": 0.5, "high": 0.5},
        "d": {"type": "int", "low": 2, "high": 2},
        "e": {"type": "float", "low": 0.0, "high": 0.5},
    }
    assert [axis.name for axis in axes_of(space)] == ["e"]


@pytest.mark.parametrize(
    ("parameter", "is_numeric", "is_log", "choices"),
    [
        ({"type": "float", "low": 0.1, "high": 1.0, "log": True}, True, True, ()),
        ({"type": "int", "low": 1, "high": 4}, True, False, ()),
        ({"type": "float", "low": 0.1, "high": 0.3, "step": 0.1}, True, False, (0.1, 0.2, 0.3)),
        ([100, 20, 500], True, True, (20, 100, 500)),
        ([1, 10], True, False, (1, 10)),
        ([0.0, 0.001, 0.9], True, False, (0.0, 0.001, 0.9)),
        (["sgd", "adam"], False, False, ("sgd", "adam")),
        ([True, False], False, False, (True, False)),
        ([2, "auto", 1], False, False, (2, "auto", 1)),
    ],
)
def test_an_axis_says_how_to_show_its_parameter(
    parameter: Any, is_numeric: bool, is_log: bool, choices: tuple[Any, ...]
) -> None:
    (axis,) = axes_of({"p": parameter})
    assert (axis.is_numeric, axis.is_log, axis.choices) == (is_numeric, is_log, choices)


def test_a_range_of_integers_is_listed_in_grids_only() -> None:
    space = {"p": {"type": "int", "low": 1, "high": 3}}
    assert axes_of(space)[0].choices == ()
    assert axes_of(space, "grid")[0].choices == (1, 2, 3)
    assert not is_grid(axes_of(space))
    assert is_grid(axes_of(space, "grid"))
    assert not is_grid([])


def test_a_range_of_many_steps_is_not_listed() -> None:
    (axis,) = axes_of({"p": {"type": "float", "low": 0.0, "high": 1.0, "step": 1e-6}})
    assert axis.choices == ()


def test_a_label_names_varied_parameters_with_short_numbers() -> None:
    axes = axes_of(
        {"learning_rate": [0.05, 0.1], "weight_decay": [0.0, 1e-4], "num_filters": 8, "nesterov": [True, False]}
    )
    params = {"learning_rate": 0.0512345, "weight_decay": 1e-4, "num_filters": 8, "nesterov": True}
    assert setting_label(params, axes) == "learning_rate 0.05123, weight_decay 0.0001, nesterov true"
    assert setting_label({"learning_rate": 0.1}, axes) == "learning_rate 0.1"
    assert setting_label(params, []) == ONLY_SETTING


def test_only_a_networks_parameters_are_named_in_words() -> None:
    names = {"learning_rate": [0.01, 0.1], "batch_size": [20, 100]}
    labels = [[axis.label for axis in searched_parameters(make_study_data(names, objective=name).spec)] for name in OWN]
    assert labels == [["learning rate", "mini-batch size"], ["learning_rate", "batch_size"]]


def test_a_label_contains_no_terminal_escapes() -> None:
    (axis,) = axes_of({"p": ["\x1b[2J\nx", "b"]})
    assert setting_label({"p": "\x1b[2J\nx"}, [axis]) == "p ?[2J"


GRID = {"learning_rate": [0.01, 0.1], "num_filters": 8}


def test_the_table_has_a_row_per_setting() -> None:
    data = make_study_data(GRID, replicates=3, diverges=lambda params: params["learning_rate"] == 0.1, fails=(1,))
    table = settings_table(data)
    assert table["setting"].tolist() == [0, 1]
    assert table["label"].tolist() == ["learning rate 0.01", "learning rate 0.1"]
    assert table["params_num_filters"].tolist() == [8, 8]
    assert table["n_complete"].tolist() == [2, 3]
    assert table["n_failed"].tolist() == [1, 0]
    assert table["n_diverged"].tolist() == [0, 3]
    values = data.trials[data.trials["setting"] == 0]["value"].dropna()
    first = table.iloc[0]
    assert (first["median"], first["min"], first["max"]) == (values.median(), values.min(), values.max())
    seconds = data.curves[data.curves["setting"] == 0]["seconds"]
    assert first["epoch_s"] == seconds.median()


def test_the_value_of_a_pruned_trial_is_not_compared() -> None:
    data = make_study_data(GRID)
    data.trials["status"] = ["PRUNED", "COMPLETE"]
    table = settings_table(data)
    assert table["n_pruned"].tolist() == [1, 0]
    assert table["median"].isna().tolist() == [True, False]


def test_the_table_of_an_empty_study_has_the_same_columns() -> None:
    data = make_study_data(SPACE, trials=3)
    empty = StudyData(data.spec, data.trials.iloc[:0], data.curves.iloc[:0])
    table = settings_table(empty)
    assert table.empty
    pd.testing.assert_series_equal(table.dtypes, settings_table(data).dtypes)
    assert setting_labels(empty) == {}
