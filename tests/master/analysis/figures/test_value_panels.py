import numpy as np

from hyperspool.master.analysis.figures.value_panels import figures, panels_figure, running_median
from tests.master.analysis.synthetic import make_study_data

UNIT = {"type": "float", "low": 0.0, "high": 1.0}
MIXED = {
    "optimiser": ["sgd", "adam"],
    "momentum": UNIT | {"when": {"optimiser": ["sgd"]}},
    "nesterov": [True, False],
    "batch_size": [16, 64, 256],
}


def test_a_search_on_a_logarithmic_scale_is_shown_on_one() -> None:
    scales = {panel.get_xlabel(): panel.get_xscale() for panel in panels_figure(make_study_data(trials=20)).axes}
    assert scales == {
        "number of filters": "linear",
        "learning rate": "log",
        "momentum": "linear",
        "mini-batch size": "log",
    }


def test_a_plot_says_how_often_its_parameter_was_active() -> None:
    data = make_study_data(MIXED, trials=20, objective="mine")
    active = int(data.trials["params_momentum"].notna().sum())
    assert f"momentum\n(active in {active} of 20)" in [panel.get_xlabel() for panel in panels_figure(data).axes]


def test_the_running_median_gives_one_value_per_x() -> None:
    x = np.array([3.0, 1.0, 2.0, 2.0, 4.0])
    distinct, medians = running_median(x, np.array([5.0, 1.0, 2.0, 3.0, 9.0]))
    assert distinct.tolist() == [1, 2, 3, 4]
    assert medians.tolist() == [1.5, 2.5, 5.0, 7.0]


def test_grids_and_studies_of_failed_trials_have_no_value_panels() -> None:
    assert figures(make_study_data({"x": [1, 2, 3]}, objective="mine")) == []
    assert figures(make_study_data(trials=3, fails=range(3))) == []
