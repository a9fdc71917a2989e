import numpy as np
import pytest
from matplotlib.collections import LineCollection

from hyperspool.common.space import Params
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.curves import (
    MAX_LINES,
    MOST_FIGURES,
    axis_top,
    curve_figure,
    figures,
    spread_out,
)
from hyperspool.master.analysis.measures.setting_curves import setting_curves
from tests.master.analysis.synthetic import CHANCE, make_study_data, reporting

RATES = {"learning_rate": [0.01, 0.02, 0.05, 0.1, 0.2, 2.0]}


def diverges(params: Params) -> bool:
    return params["learning_rate"] == 2.0


def test_each_measured_quantity_has_a_figure() -> None:
    names = [figure.name for figure in figures(make_study_data(RATES))]
    assert names == ["training-loss-curves", "validation-loss-curves", "validation-error-curves"]


def test_an_own_objective_has_a_figure_per_metric() -> None:
    found = figures(reporting("f1", "validation_loss", "learning_rate", "accuracy", measure="accuracy"))
    assert [(figure.name, figure.title) for figure in found] == [
        ("accuracy-curves", "accuracy during training"),
        ("f1-curves", "f1 during training"),
        ("validation-loss-curves", "Validation loss during training"),
    ]
    assert found[0].draw().axes[0].get_ylabel() == "accuracy"


def test_metrics_beyond_the_limit_are_named_not_drawn() -> None:
    found = figures(reporting(*(f"m{number}" for number in range(MOST_FIGURES + 2))))
    assert len(found) == MOST_FIGURES
    assert found[-1].caption.endswith("Not drawn: m6, m7. The table of the curves has them.")
    assert not any("Not drawn" in figure.caption for figure in found[:-1])


def test_an_objective_without_epochs_has_no_figure() -> None:
    assert figures(make_study_data(RATES, has_curves=False)) == []


def test_replicates_of_which_most_diverged_at_once_have_no_figure() -> None:
    data = make_study_data({"learning_rate": [2.0, 3.0]}, replicates=3, epochs=2, diverges=diverges)
    only = data.trials["setting"] == 0
    data = StudyData(data.spec, data.trials[only].reset_index(drop=True), data.curves[data.curves["setting"] == 0])
    data.trials.loc[2, "diverged"] = False
    data.curves.loc[data.curves["trial"] == 2, ["training_loss", "validation_loss"]] = 1.0
    assert figures(data) == []


def test_both_plots_show_every_setting_once() -> None:
    left, right = curve_figure(make_study_data(RATES, epochs=5), "validation_error").axes
    assert len(left.lines) == len(right.lines) == 6
    assert left.get_xlabel() == "epochs"
    assert right.get_xlabel() == "training time (seconds)"
    assert left.get_ylim() == right.get_ylim()


def test_a_diverging_trials_last_loss_does_not_stretch_the_axis() -> None:
    data = make_study_data(RATES, epochs=8, diverges=diverges)
    is_before = (data.curves["setting"] == 5) & (data.curves["epoch"] == 3)
    data.curves.loc[is_before, "training_loss"] = 4.0
    assert curve_figure(data, "training_loss").axes[0].get_ylim()[1] < 3


def test_a_huge_first_loss_does_not_stretch_the_axis() -> None:
    data = make_study_data(RATES, epochs=8)
    is_first = (data.curves["setting"] == 5) & (data.curves["epoch"] == 1)
    data.curves.loc[is_first, "training_loss"] = 1e4
    assert curve_figure(data, "training_loss").axes[0].get_ylim()[1] < 20
    assert "some curves go higher" in figures(data)[0].caption
    assert "some curves go higher" not in figures(data)[1].caption


def test_curves_that_differ_little_are_shown_whole() -> None:
    assert axis_top(setting_curves(make_study_data(RATES), "training_loss")) == np.inf


def test_losses_that_span_decades_have_a_logarithmic_axis() -> None:
    assert curve_figure(make_study_data(RATES, epochs=10), "training_loss").axes[0].get_yscale() == "log"
    assert curve_figure(make_study_data(RATES, epochs=2), "training_loss").axes[0].get_yscale() == "linear"


def test_the_error_of_guessing_is_shown_if_a_trial_diverged() -> None:
    left, right = curve_figure(make_study_data(RATES, diverges=diverges), "validation_error").axes
    assert [text.get_text() for text in right.texts] == ["guessing"]
    assert any(np.allclose(np.asarray(line.get_ydata(), dtype=float), CHANCE) for line in left.lines)
    assert left.get_ylim()[0] < CHANCE <= left.get_ylim()[1]


@pytest.mark.parametrize(("trials", "expected"), [(30, 30), (MAX_LINES + 50, MAX_LINES)])
def test_of_very_many_settings_only_some_are_drawn(trials: int, expected: int) -> None:
    data = make_study_data(trials=trials, epochs=3)
    (lines,) = (
        found for found in curve_figure(data, "training_loss").axes[0].collections if isinstance(found, LineCollection)
    )
    assert len(lines.get_segments()) == expected
    assert ("of the settings are drawn" in figures(data)[0].caption) == (trials > expected)


def test_the_best_and_the_worst_are_among_those_drawn() -> None:
    curves = setting_curves(make_study_data(trials=MAX_LINES + 50, epochs=2), "training_loss")
    chosen = spread_out(curves)
    assert (chosen[0].setting, chosen[-1].setting) == (0, MAX_LINES + 49)
    assert len({curve.setting for curve in chosen}) == MAX_LINES


def test_single_epochs_are_dots() -> None:
    data = make_study_data(trials=70, epochs=1)
    assert (
        sum(
            len(np.asarray(found.get_offsets()))
            for found in curve_figure(data, "training_loss").axes[0].collections[1:]
        )
        == 70
    )


def test_captions_say_that_an_ensembles_curve_is_a_single_networks() -> None:
    sentence = "With snapshots a trial's value is its ensemble's error; its curve is the single network's."
    space = {"snapshots": [False, True], "learning_rate": 0.1}
    assert all(sentence in figure.caption for figure in figures(make_study_data(space)))
    assert all(
        sentence in figure.caption for figure in figures(make_study_data({"snapshots": True, "momentum": [0.1, 0.2]}))
    )
    for other in (
        make_study_data({"snapshots": False, "momentum": [0.1, 0.2]}),
        make_study_data(space, objective="mine"),
    ):
        assert not any("snapshots" in figure.caption for figure in figures(other))


def test_every_run_is_drawn_behind_the_median_of_its_setting() -> None:
    data = make_study_data({"learning_rate": [0.01, 0.1]}, replicates=3)
    figure = next(figure for figure in figures(data) if figure.name == "validation-error-curves")
    assert "A thin line is a trial, a thick one the median of a setting's replicates." in figure.caption
    plot = figure.draw().axes[0]
    widths = sorted(float(line.get_linewidth()) for line in plot.lines)
    assert widths == [0.6] * 6 + [1.4] * 2
