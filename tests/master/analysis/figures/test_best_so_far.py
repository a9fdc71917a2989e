from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.best_so_far import best_so_far_figure, figures
from tests.master.analysis.synthetic import make_study_data


def best_line(data: StudyData) -> list[float]:
    (line,) = (line for line in _plot(data).lines if line.get_drawstyle() == "steps-post")
    return [float(value) for value in np.asarray(line.get_ydata())]


def _plot(data: StudyData) -> Axes:
    return best_so_far_figure(data).axes[0]


def test_a_failed_trial_counts_but_never_improves_the_best() -> None:
    data = make_study_data(trials=4, fails=[1])
    data = replace(data, trials=data.trials.assign(value=[0.5, np.nan, 0.7, 0.2]))
    assert best_line(data) == [0.5, 0.5, 0.5, 0.2]


def test_the_best_is_the_highest_where_more_is_better() -> None:
    data = make_study_data(trials=3, objective="mine", direction="maximise")
    data = replace(data, trials=data.trials.assign(value=[0.5, 0.4, 0.7]))
    assert best_line(data) == [0.5, 0.5, 0.7]


def test_only_failed_trials_have_a_triangle() -> None:
    data = make_study_data(trials=5, fails=[1, 3])
    data = replace(data, trials=data.trials.assign(status=["COMPLETE", "FAILED", "COMPLETE", "FAILED", "PRUNED"]))
    (triangles,) = (line for line in _plot(data).lines if line.get_marker() == "v")
    assert np.asarray(triangles.get_xdata()).tolist() == [2, 4]


def test_a_study_of_failed_trials_has_no_such_figure() -> None:
    assert figures(make_study_data(trials=3, fails=range(3))) == []
