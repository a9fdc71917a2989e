from dataclasses import replace
from io import BytesIO
from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text

from hyperspool.common.errors import UsageError
from hyperspool.master.analysis.figures.simulation import (
    Finished,
    figures,
    replay_figure,
    simulation_figure,
    study_figures,
)
from hyperspool.master.analysis.measures.simulation import Direction
from tests.master.analysis.synthetic import make_study_data

NAN = float("nan")


def searched(count: int = 120) -> Finished:
    """Errors and seconds as a random search over a learning rate has them."""
    random = np.random.default_rng(3)
    rates = random.uniform(-4, 0, count)
    errors = np.minimum(0.03 + 0.01 * random.uniform(size=count) + np.abs(rates + 1.5) ** 2 * 0.2, 0.9)
    errors[:2] = NAN
    return Finished(errors, random.uniform(5, 60, count), 8, "validation error")


def texts_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


def labels_of(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of visible texts that lie over each other."""
    figure.draw_without_rendering()
    boxes = [
        (text.get_text(), text.get_window_extent())
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text() and text.get_window_extent().width
    ]
    inside = [(name, box) for name, box in boxes if figure.bbox.fully_overlaps(box)]
    return [(one, other) for (one, a), (other, b) in combinations(inside, 2) if one != other and a.overlaps(b)]


def test_the_simulation_names_its_axes_and_what_is_drawn() -> None:
    figure = simulation_figure(searched(), runs=200)
    axes = figure.axes[0]
    assert axes.get_xlabel() == "evaluations"
    assert axes.get_ylabel() == "best validation error so far"
    assert axes.get_yscale() == "log"
    assert labels_of(figure) == [
        "20 of 200 simulated searches",
        "median of 200",
        "quartiles of 200",
        "median of all orders, exact",
    ]
    assert len(axes.lines) == 22
    assert overlaps(figure) == []


def test_values_within_a_decade_or_around_zero_stay_linear() -> None:
    for values in ([0.2, 0.3, 0.5], [-1.0, 0.0, 100.0], [NAN, NAN, NAN]):
        figure = simulation_figure(Finished(values, [], 8, "value"), runs=10)
        assert figure.axes[0].get_yscale() == "linear"


@pytest.mark.parametrize(("direction", "sign"), [("minimise", 1), ("maximise", -1)])
def test_the_exact_median_goes_towards_the_best_in_either_direction(direction: Direction, sign: int) -> None:
    values = np.linspace(0.1, 0.9, 9)
    line = simulation_figure(Finished(values, [], 8, "value", direction), runs=50).axes[0].lines[-1]
    drawn = np.asarray(line.get_ydata(), dtype=np.float64)
    assert np.all(sign * np.diff(drawn) <= 0)
    assert drawn[-1] == (0.1 if sign == 1 else 0.9)


@pytest.mark.parametrize("count", [3, 120])
def test_a_legend_fits_and_no_line_crosses_it(count: int) -> None:
    finished = searched(count)
    accuracies = 1 - np.asarray(finished.values)
    for figure in (
        simulation_figure(finished, runs=200),
        simulation_figure(replace(finished, values=accuracies, direction="maximise"), runs=200),
        replay_figure(finished, runs=20),
    ):
        figure.draw_without_rendering()
        legends = [legend.get_window_extent() for legend in figure.findobj(Legend)]
        assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in legends)
        for axes in figure.axes:
            for line in axes.lines:
                path = line.get_transform().transform_path(line.get_path())
                assert not any(path.intersects_bbox(box, filled=False) for box in legends)


def test_the_replay_names_its_axes_workers_and_modes() -> None:
    figure = replay_figure(searched(), runs=50)
    left, right = figure.axes
    assert left.get_xlabel() == "time since the search began (minutes)"
    assert left.get_ylabel() == "best validation error so far, median"
    assert len(left.lines) == 8
    assert labels_of(figure) == [
        "1 worker",
        "2 workers",
        "4 workers",
        "8 workers",
        "batches of 8",
        "asynchronous",
        "no time lost",
    ]
    assert right.get_xlabel() == "workers"
    assert right.get_ylabel() == "times as fast as one worker"
    assert overlaps(figure) == []


def test_long_and_short_times_share_an_axis_of_few_ticks() -> None:
    plot = replay_figure(Finished([0.1, 0.2, 0.3] * 30, [0.1, 1.0, 100.0] * 30, 4, "value"), runs=5).axes[0]
    low, high = plot.get_xlim()
    assert plot.get_xscale() == "log"
    assert 2 <= len([tick for tick in plot.get_xticks() if low <= tick <= high]) <= 6


@pytest.mark.parametrize(("seconds", "unit"), [(1.0, "seconds"), (60.0, "minutes"), (3600.0, "hours")])
def test_time_is_shown_in_a_unit_of_its_size(seconds: float, unit: str) -> None:
    figure = replay_figure(Finished([0.1, 0.2] * 10, [seconds] * 20, 4, "value"), workers=(1, 2), runs=5)
    assert figure.axes[0].get_xlabel().endswith(f"({unit})")


def test_a_replay_without_times_is_refused() -> None:
    with pytest.raises(UsageError, match="trial 1 is nan"):
        replay_figure(Finished([0.1, 0.2], [1.0, NAN], 4, "value"))


def test_both_figures_count_the_trials_in_their_captions() -> None:
    listed = figures(make_study_data(trials=30, fails=(3, 5)))
    assert [figure.name for figure in listed] == ["simulated-search", "simulated-workers"]
    for figure in listed:
        assert "30 finished trials" in figure.caption
        assert figure.caption.count("never the best; here, 2.") == 1
        with BytesIO() as file:
            figure.draw().savefig(file, format="svg")
            assert file.tell() > 10_000


def test_runs_and_seed_reach_the_figure() -> None:
    data = make_study_data(trials=12)
    one, other = (study_figures(data, runs=15, seed=seed)[0] for seed in (0, 1))
    assert "shuffled 15 times" in one.caption
    assert "15 of 15 simulated searches" in texts_of(one.draw())
    first, second = (np.asarray(figure.draw().axes[0].lines[0].get_ydata()) for figure in (one, other))
    assert not np.array_equal(first, second)


def test_a_caption_says_what_was_not_a_random_search() -> None:
    of_random = make_study_data(trials=6)
    sampler = of_random.spec.sampler.model_copy(update={"name": "grid"})
    spec = of_random.spec.model_copy(update={"sampler": sampler})
    of_grid = replace(make_study_data(trials=6, replicates=2), spec=spec)
    assert "as likely as the one that was run. All orders" in figures(of_random)[0].caption
    assert "what grid search tried" in figures(of_grid)[0].caption
    assert "Replicates of a setting count as separate trials." in figures(of_grid)[0].caption


def test_a_study_with_one_value_has_no_order_to_shuffle() -> None:
    assert figures(make_study_data(trials=3, fails=(0, 2))) == []
