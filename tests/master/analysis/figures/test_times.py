import numpy as np
import pytest

from hyperspool.master.analysis.figures.times import costs_of, figures, time_figure
from hyperspool.master.analysis.measures.settings import searched_parameters
from tests.master.analysis.synthetic import make_study_data

GRID = {"num_filters": [10, 30, 100], "batch_size": [20, 100, 500], "learning_rate": [0.01, 0.1]}


def test_the_sizes_that_decide_the_time_have_a_figure_each() -> None:
    assert [figure.name for figure in figures(make_study_data(GRID))] == ["time-by-num-filters", "time-by-batch-size"]
    assert figures(make_study_data({"learning_rate": [0.01, 0.1]})) == []


def test_any_number_may_decide_the_time_of_a_users_objective() -> None:
    data = make_study_data({"x": [1, 2], "kind": ["a", "b"]}, objective="mine", has_curves=False)
    (figure,) = figures(data)
    assert figure.title == "Time per trial by x"
    assert costs_of(data).seconds.tolist() == data.trials["evaluation_s"].tolist()


def test_a_trial_costs_the_median_of_its_epochs() -> None:
    data = make_study_data(GRID)
    data.curves.loc[0, "seconds"] = 1e6
    seconds = data.curves.loc[data.curves["trial"] == 0, "seconds"]
    assert costs_of(data).seconds[0] == pytest.approx(seconds.median())


def test_trials_without_a_time_are_left_out_and_counted() -> None:
    data = make_study_data({"x": [1, 2, 3]}, objective="mine", has_curves=False, fails=(1,))
    assert len(costs_of(data).trials) == 2
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
