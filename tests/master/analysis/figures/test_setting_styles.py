from typing import Any

import numpy as np
import pytest

from hyperspool.master.analysis.figures.legends import MAX_ENTRIES
from hyperspool.master.analysis.figures.setting_styles import SettingStyles, styles_of
from tests.master.analysis.synthetic import make_study_data


def texts(styles: SettingStyles) -> list[tuple[str, list[str]]]:
    return [(legend.title, [str(line.get_label()) for line in legend.entries]) for legend in styles.legends]


def lightness(colour: Any) -> float:
    return float(np.dot(colour[:3], [0.299, 0.587, 0.114]))


def test_values_of_one_number_run_from_dark_to_bright() -> None:
    styles = styles_of(make_study_data({"learning_rate": [0.3, 0.01, 0.1]}))
    assert texts(styles) == [("learning rate", ["0.01", "0.1", "0.3"])]
    brightness = [lightness(styles.colour[setting]) for setting in styles.order]
    assert brightness == sorted(brightness)
    assert len(set(brightness)) == 3


def test_two_parameters_have_a_colour_and_a_dash_each() -> None:
    styles = styles_of(make_study_data({"num_filters": [10, 30, 100, 200], "batch_size": [20, 100, 500]}))
    assert texts(styles) == [
        ("number of filters", ["10", "30", "100", "200"]),
        ("mini-batch size", ["20", "100", "500"]),
    ]
    pairs = {(str(styles.colour[setting]), str(styles.dashes[setting])) for setting in range(12)}
    assert len(pairs) == 12


def test_many_settings_are_coloured_by_value_best_on_top() -> None:
    data = make_study_data(trials=MAX_ENTRIES + 1, fails=(4,))
    styles = styles_of(data)
    assert styles.legends == ()
    assert styles.bar_label == "final validation error"
    assert styles.order[0] == 4
    assert styles.order[-1] == data.trials["value"].idxmin()
    assert lightness(styles.colour[styles.order[-1]]) < lightness(styles.colour[styles.order[1]])


def test_a_maximising_studys_best_are_on_top_and_dark() -> None:
    data = make_study_data(trials=20, objective="mine", direction="maximise")
    styles = styles_of(data)
    assert styles.order[-1] == data.trials["value"].idxmax()
    assert lightness(styles.colour[styles.order[-1]]) < lightness(styles.colour[styles.order[0]])


def test_many_values_of_one_number_are_coloured_by_it() -> None:
    styles = styles_of(make_study_data({"momentum": {"type": "float", "low": 0.0, "high": 0.95, "step": 0.05}}))
    assert styles.legends == ()
    assert styles.bar_label == "momentum"


def test_a_label_says_how_many_replicates_diverged() -> None:
    data = make_study_data(
        {"learning_rate": [0.01, 1.0]}, replicates=2, diverges=lambda params: params["learning_rate"] == 1.0
    )
    data.trials.loc[2, "diverged"] = False
    assert texts(styles_of(data)) == [("learning rate", ["0.01", "1 (1 of 2 diverged)"])]


@pytest.mark.parametrize("count", [9, 10, 11])
def test_settings_beyond_the_room_of_a_legend_have_none(count: int) -> None:
    choices = [f"choice {place}" for place in range(count)]
    styles = styles_of(make_study_data({"kind": choices}, objective="mine"), room=9)
    assert bool(styles.legends) == (count <= 9)
    assert bool(styles.norm) != bool(styles.legends)
