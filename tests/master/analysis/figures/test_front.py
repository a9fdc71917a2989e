"""The figures of several objectives: what they draw, and that no name covers anything."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.data.trade_off import trade_off_columns
from hyperspool.master.analysis.figures.front import figures, front_figure, hypervolume_figure
from hyperspool.master.results.front import study_front
from tests.master.analysis.synthetic import make_study_data, with_goals


def measured(*pairs: tuple[float, float], constraints: tuple[str, ...] = ()) -> StudyData:
    """A study whose trials measured these errors and speeds."""
    data = with_goals(make_study_data(trials=len(pairs), objective="mine"), constraints=constraints)
    limits = data.spec.constraints or ()
    found = [
        replace(seen, value=error, measured=(error, speed), violations=tuple(each.violation(error) for each in limits))
        for seen, (error, speed) in zip(data.evaluations, pairs, strict=True)
    ]
    trials: pd.DataFrame = data.trials.assign(**trade_off_columns(data.spec, found))
    return replace(data, evaluations=tuple(found), trials=trials)


FOUR = ((0.1, 1.0), (0.2, 3.0), (0.4, 2.0), (0.3, 5.0))
"""All but the third are on the front."""


def names_of(figure: Figure) -> list[Annotation]:
    return [text for text in figure.axes[0].texts if isinstance(text, Annotation)]


def test_front_is_drawn_as_steps_with_its_trials_named() -> None:
    figure = front_figure(measured(*FOUR))
    assert sorted(name.get_text() for name in names_of(figure)) == ["0", "1", "3"]
    plot = figure.axes[0]
    steps = plot.lines[0]
    right, bottom = plot.get_xlim()[1], plot.get_ylim()[0]
    path = np.column_stack([np.asarray(steps.get_xdata()), np.asarray(steps.get_ydata())]).tolist()
    assert path == [
        [0.1, bottom],
        [0.1, 1.0],
        [0.2, 1.0],
        [0.2, 3.0],
        [0.3, 3.0],
        [0.3, 5.0],
        [right, 5.0],
    ]


def test_trial_that_breaks_a_constraint_is_a_cross() -> None:
    plot = front_figure(measured(*FOUR, constraints=("error >= 0.15",))).axes[0]
    (crosses,) = (line for line in plot.lines if line.get_marker() == "x")
    assert np.asarray(crosses.get_xdata()).tolist() == [0.1]


@pytest.mark.parametrize("trials", [30, 300])
def test_no_name_covers_a_dot_or_another_name(trials: int) -> None:
    random = np.random.default_rng(3)
    errors = random.uniform(0.1, 1.0, trials)
    speeds = errors * random.uniform(0.9, 1.0, trials)  # most are on the front
    figure = front_figure(measured(*zip(errors.tolist(), speeds.tolist(), strict=True)))
    figure.draw_without_rendering()
    plot: Axes = figure.axes[0]
    boxes = [name.get_window_extent() for name in names_of(figure)]
    dots = plot.transData.transform(np.column_stack([errors, speeds]))
    assert len(boxes) > 5
    for place, box in enumerate(boxes):
        assert not any(box.contains(*dot) for dot in dots)
        assert not any(box.overlaps(other) for other in boxes[:place])
        assert plot.get_window_extent().contains(box.x0, box.y0)
        assert plot.get_window_extent().contains(box.x1, box.y1)


def test_ends_of_the_front_have_their_numbers() -> None:
    random = np.random.default_rng(3)
    errors = np.sort(random.uniform(0.1, 1.0, 200))
    figure = front_figure(measured(*((float(error), float(error)) for error in errors)))
    assert {"0", "199"} <= {name.get_text() for name in names_of(figure)}


def test_hypervolume_is_drawn_after_each_evaluation() -> None:
    data = measured(*FOUR)
    (line,) = hypervolume_figure(data).axes[0].lines
    drawn = np.asarray(line.get_ydata(), dtype=np.float64).tolist()
    assert drawn == study_front(data.spec, data.evaluations).hypervolumes()
    assert drawn == sorted(drawn)
    assert len(set(drawn)) == 3


def test_three_objectives_have_a_plot_for_each_pair() -> None:
    figure = front_figure(with_goals(make_study_data(trials=20, objective="mine"), 3))
    labels = [(plot.get_xlabel(), plot.get_ylabel()) for plot in figure.axes]
    assert labels == [
        ("error (lower)", "speed (higher)"),
        ("error (lower)", "cost (lower)"),
        ("speed (higher)", "cost (lower)"),
    ]


def test_captions_count_the_front_and_name_the_reference() -> None:
    front, volume = figures(measured(*FOUR))
    assert "4 COMPLETE trials, 3 of them on the front" in front.caption
    assert "the reference point error 0.43, speed 0.6," in volume.caption


def test_study_without_a_front_has_no_such_figure() -> None:
    assert figures(make_study_data(trials=4)) == []
    assert figures(measured(*FOUR, constraints=("error >= 9",))) == []
