from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.files import save_figure
from hyperspool.master.analysis.figures.search import best_so_far_figure, figures, running_median, scatter_figure
from tests.master.analysis.synthetic import make_study_data

UNIT = {"type": "float", "low": 0.0, "high": 1.0}
MIXED = {
    "optimiser": ["sgd", "adam"],
    "momentum": UNIT | {"when": {"optimiser": ["sgd"]}},
    "nesterov": [True, False],
    "batch_size": [16, 64, 256],
}


def best_line(data: StudyData) -> list[float]:
    (line,) = (line for line in best_so_far_figure(data).axes[0].lines if line.get_drawstyle() == "steps-post")
    return [float(value) for value in np.asarray(line.get_ydata())]


@pytest.mark.parametrize("direction", ["minimise", "maximise"])
def test_every_figure_of_a_search_can_be_saved(tmp_path: Path, direction: str) -> None:
    data = make_study_data(
        MIXED | {"x": UNIT}, trials=30, objective="mine", direction=direction, fails=[4], diverges=lambda p: p["x"] == 0
    )
    named = figures(data)
    assert [figure.name for figure in named] == ["best-so-far", "value-by-parameter", "parallel-coordinates"]
    for figure in named:
        assert "29 COMPLETE trials" in figure.caption
        assert "1 FAILED trial is left out" in figure.caption
        assert save_figure(figure, tmp_path).paths[0].is_file()


def test_the_best_so_far_only_gets_better_and_a_failed_trial_takes_its_turn() -> None:
    data = make_study_data(trials=4, fails=[1])
    data = replace(data, trials=data.trials.assign(value=[0.5, np.nan, 0.7, 0.2]))
    assert best_line(data) == [0.5, 0.5, 0.5, 0.2]


def test_the_best_so_far_is_the_highest_where_more_is_better() -> None:
    data = make_study_data(trials=3, objective="mine", direction="maximise")
    data = replace(data, trials=data.trials.assign(value=[0.5, 0.4, 0.7]))
    assert best_line(data) == [0.5, 0.5, 0.7]


def test_a_search_on_a_logarithmic_scale_is_shown_on_one() -> None:
    scales = {panel.get_xlabel(): panel.get_xscale() for panel in scatter_figure(make_study_data(trials=20)).axes}
    assert scales == {
        "number of filters": "linear",
        "learning rate": "log",
        "momentum": "linear",
        "mini-batch size": "log",
    }


def test_a_panel_tells_how_often_its_parameter_was_active() -> None:
    data = make_study_data(MIXED, trials=20, objective="mine")
    active = int(data.trials["params_momentum"].notna().sum())
    assert f"momentum\n(active in {active} of 20)" in [panel.get_xlabel() for panel in scatter_figure(data).axes]


def test_the_running_median_is_over_neighbours_and_gives_one_value_per_x() -> None:
    x = np.array([3.0, 1.0, 2.0, 2.0, 4.0])
    distinct, medians = running_median(x, np.array([5.0, 1.0, 2.0, 3.0, 9.0]))
    assert distinct.tolist() == [1, 2, 3, 4]
    assert medians.tolist() == [1.5, 2.5, 5.0, 7.0]


def test_one_parameter_has_no_parallel_coordinates() -> None:
    assert [figure.name for figure in figures(make_study_data({"x": UNIT}, trials=5, objective="mine"))] == [
        "best-so-far",
        "value-by-parameter",
    ]


def test_a_study_whose_trials_all_failed_has_no_figures_of_values() -> None:
    assert figures(make_study_data(trials=3, fails=range(3))) == []
