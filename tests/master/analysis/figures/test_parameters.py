import numpy as np

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.parameters import figures, most_telling_other, parameter_figure
from hyperspool.master.analysis.measures.settings import searched_parameters
from tests.master.analysis.synthetic import make_study_data

RATES = {"learning_rate": [0.001, 0.01, 0.1, 1.0]}
GRID = {"num_filters": [10, 30, 100], "batch_size": [20, 100, 500], "momentum": [0.0, 0.9]}


def test_each_parameter_of_a_grid_has_a_figure() -> None:
    names = [figure.name for figure in figures(make_study_data(GRID))]
    assert names == ["value-by-num-filters", "value-by-batch-size", "value-by-momentum"]


def test_a_random_search_is_shown_elsewhere() -> None:
    assert figures(make_study_data(trials=20)) == []


def test_replicates_are_dots_and_diverged_ones_are_crosses() -> None:
    data = make_study_data(RATES, replicates=3, diverges=lambda params: params["learning_rate"] == 1.0)
    (axis,) = searched_parameters(data.spec)
    plot = parameter_figure(data, axis, None).axes[0]
    assert [len(np.asarray(dots.get_offsets())) for dots in plot.collections] == [9, 3]
    assert plot.get_xscale() == "log"


def test_the_line_goes_through_the_medians() -> None:
    data = make_study_data(RATES, replicates=3)
    (axis,) = searched_parameters(data.spec)
    (line,) = parameter_figure(data, axis, None).axes[0].lines
    medians = data.trials.groupby("params_learning_rate")["value"].median()
    assert np.asarray(line.get_ydata()).tolist() == medians.tolist()


def test_the_most_telling_other_parameter_has_a_line_per_value() -> None:
    data = make_study_data(GRID)
    filters, batch_size, momentum = searched_parameters(data.spec)
    trials = data.trials.assign(value=data.trials["params_momentum"] + data.trials["params_batch_size"] / 1e6)
    assert most_telling_other(filters, [filters, batch_size, momentum], trials) == momentum
    assert most_telling_other(momentum, [filters, batch_size, momentum], trials) == batch_size
    changed = StudyData(data.spec, trials, data.curves)
    assert len(parameter_figure(changed, filters, momentum).axes[0].lines) == 2


def test_choices_without_an_order_are_not_joined() -> None:
    data = make_study_data({"kind": ["a", "b", "c"]}, objective="mine", direction="maximise")
    (axis,) = searched_parameters(data.spec)
    plot = parameter_figure(data, axis, None).axes[0]
    assert plot.lines[0].get_linestyle() == "None"
    assert [text.get_text() for text in plot.get_xticklabels()] == ["a", "b", "c"]
    assert plot.get_ylabel() == "value (higher is better)"


def test_a_study_about_chance_has_a_figure_of_its_own() -> None:
    assert figures(make_study_data({"varies": ["none", "all"]}, replicates=2)) == []
    assert figures(make_study_data({"varies": ["none", "all"]})) != []
