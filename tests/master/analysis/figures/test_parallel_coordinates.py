import numpy as np
import pytest
from matplotlib.collections import LineCollection

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.colours import value_colours
from hyperspool.master.analysis.figures.parallel_coordinates import best_lines, figures, parallel_figure
from hyperspool.master.analysis.measures.drawn_trials import drawn_trials
from tests.master.analysis.synthetic import make_study_data

UNIT = {"type": "float", "low": 0.0, "high": 1.0}


def _vertices(collection: LineCollection) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    # get_segments() would drop the gaps.
    return [np.asarray(path.vertices) for path in collection.get_paths()]


def lines(data: StudyData) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """The lines, `(axes, 2)` each, from the worst trial to the best."""
    collections = [item for item in parallel_figure(data).axes[0].collections if isinstance(item, LineCollection)]
    return [np.asarray(segment) for collection in collections for segment in _vertices(collection)]


def test_the_best_trial_is_drawn_last_and_dark() -> None:
    data = make_study_data(trials=12)
    best = drawn_trials(data).nsmallest(1, "value").iloc[0]
    drawn = lines(data)
    assert len(drawn) == 12
    assert drawn[-1][2, 1] == pytest.approx(best["params_momentum"])
    assert drawn[-1][-1, 1] == pytest.approx(0)
    thick = [item for item in parallel_figure(data).axes[0].collections if isinstance(item, LineCollection)][-1]
    darkest = value_colours(data.spec)(0.0)
    assert np.asarray(thick.get_colors())[-1] == pytest.approx(darkest)


def test_a_logarithmic_axis_is_drawn_as_one() -> None:
    data = make_study_data(trials=12)
    rate = drawn_trials(data).nsmallest(1, "value").iloc[0]["params_learning_rate"]
    assert lines(data)[-1][1, 1] == pytest.approx(np.log(rate / 0.01) / np.log(0.3 / 0.01))


def test_a_line_is_interrupted_where_a_parameter_is_not_active() -> None:
    space = {"optimiser": ["sgd", "adam"], "momentum": UNIT | {"when": {"optimiser": ["sgd"]}}, "x": UNIT}
    data = make_study_data(space, trials=12, objective="mine")
    inactive = int(data.trials["params_momentum"].isna().sum())
    assert 0 < inactive == sum(bool(np.isnan(line[1, 1])) for line in lines(data))


def test_ticks_stand_apart_and_name_both_ends() -> None:
    texts = [text.get_text() for text in parallel_figure(make_study_data(trials=12)).axes[0].texts]
    assert {"16", "256", "0.01", "0.3", "10", "100"} <= set(texts)


def test_few_of_few_and_five_of_many_are_thick() -> None:
    assert [best_lines(trials) for trials in (1, 8, 24, 1000)] == [1, 2, 5, 5]


def test_one_parameter_has_no_parallel_coordinates() -> None:
    assert figures(make_study_data({"x": UNIT}, trials=5, objective="mine")) == []
    assert len(figures(make_study_data({"x": UNIT, "y": UNIT}, trials=5, objective="mine"))) == 1
