from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.times import costs_of, figures, time_figure
from hyperspool.master.analysis.measures.settings import searched_parameters
from tests.master.analysis.synthetic import make_study_data

GRID = {"num_filters": [10, 30, 100], "batch_size": [20, 100, 500], "learning_rate": [0.01, 0.1]}
UNIT = {"type": "float", "low": 0.0, "high": 1.0}


def test_the_sizes_that_decide_the_time_have_a_figure_each() -> None:
    assert [figure.name for figure in figures(make_study_data(GRID))] == ["time-by-num-filters", "time-by-batch-size"]
    assert figures(make_study_data({"learning_rate": [0.01, 0.1]})) == []


def timed(space: dict[str, Any], seconds: Callable[[pd.DataFrame], Any], trials: int = 40) -> StudyData:
    """A search of a user's own objective without epochs, whose times are computed from its params."""
    data = make_study_data(space, trials=trials, objective="mine", has_curves=False)
    return replace(data, trials=data.trials.assign(evaluation_s=seconds(data.trials)))


def test_whatever_changes_the_time_of_own_objectives_has_a_figure() -> None:
    space = {"x": UNIT, "kind": ["a", "b"], "size": UNIT}
    data = timed(space, lambda trials: (1 + trials["params_size"]) * trials["params_kind"].map({"a": 1.0, "b": 9.0}))
    found = figures(data)
    assert [figure.title for figure in found] == ["Time per trial by kind", "Time per trial by size"]
    assert costs_of(data).seconds.tolist() == data.trials["evaluation_s"].tolist()
    for figure in found:
        figure.draw()


def test_times_that_differ_by_chance_have_no_figure() -> None:
    random = np.random.default_rng(0)
    data = timed({"x": UNIT, "kind": ["a", "b"]}, lambda trials: random.uniform(1, 2, len(trials)))
    assert figures(data) == []


def test_parameters_that_are_never_active_together_are_drawn_alone() -> None:
    gated = {name: UNIT | {"when": {"kind": [gate]}} for name, gate in (("momentum", "a"), ("beta", "b"))}

    def apart(trials: pd.DataFrame) -> "pd.Series[float]":
        # Times differ by more than a factor of 3, so the axis is logarithmic.
        return pd.Series(10 ** (3 * trials["params_momentum"].fillna(trials["params_beta"])))

    found = figures(timed({"kind": ["a", "b"], **gated}, apart))
    assert [figure.name for figure in found] == ["time-by-momentum", "time-by-beta"]
    plot = found[0].draw().axes[0]
    assert plot.get_yscale() == "log"
    assert len(plot.collections)


def test_a_trial_costs_the_median_of_its_epochs() -> None:
    data = make_study_data(GRID)
    data.curves.loc[0, "seconds"] = 1e6
    seconds = data.curves.loc[data.curves["trial"] == 0, "seconds"]
    assert costs_of(data).seconds[0] == pytest.approx(seconds.median())


def test_trials_without_a_time_are_left_out_and_counted() -> None:
    data = make_study_data(GRID, fails=(1,))
    data = replace(data, curves=data.curves[data.curves["trial"] != 1])
    assert len(costs_of(data).trials) == len(data.trials) - 1
    assert "1 trial without a measured time is left out." in figures(data)[0].caption


def test_a_time_of_nothing_is_left_out() -> None:
    data = make_study_data(GRID)
    data.curves.loc[data.curves["trial"] == 0, "seconds"] = 0.0
    assert costs_of(data).trials["trial"].min() == 1


def test_a_grid_has_a_line_for_each_other_size() -> None:
    data = make_study_data(GRID)
    filters, batch_size, _ = searched_parameters(data.spec)
    plot = time_figure(data, batch_size, filters).axes[0]
    assert len(plot.lines) == 3
    assert (plot.get_xscale(), plot.get_yscale()) == ("log", "log")


def test_dots_of_a_random_search_are_coloured_by_other_size() -> None:
    data = make_study_data(trials=50)
    axes = {axis.name: axis for axis in searched_parameters(data.spec)}
    plot, bar = time_figure(data, axes["num_filters"], axes["batch_size"]).axes
    assert len(np.asarray(plot.collections[0].get_offsets())) == 50
    assert bar.get_ylabel() == "mini-batch size"
