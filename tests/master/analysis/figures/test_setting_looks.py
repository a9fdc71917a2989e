from typing import Any

import numpy as np
import pytest

from hyperspool.master.analysis.figures.legends import MAX_ENTRIES
from hyperspool.master.analysis.figures.setting_looks import Looks, looks_of
from tests.master.analysis.synthetic import make_study_data


def texts(looks: Looks) -> list[tuple[str, list[str]]]:
    return [(legend.title, [str(line.get_label()) for line in legend.entries]) for legend in looks.legends]


def lightness(colour: Any) -> float:
    return float(np.dot(colour[:3], [0.299, 0.587, 0.114]))


def test_values_of_one_number_run_from_dark_to_bright() -> None:
    looks = looks_of(make_study_data({"learning_rate": [0.3, 0.01, 0.1]}))
    assert texts(looks) == [("learning rate", ["0.01", "0.1", "0.3"])]
    brightness = [lightness(looks.colour[setting]) for setting in looks.order]
    assert brightness == sorted(brightness)
    assert len(set(brightness)) == 3


def test_two_parameters_have_a_colour_and_a_dash_each() -> None:
    looks = looks_of(make_study_data({"num_filters": [10, 30, 100, 200], "batch_size": [20, 100, 500]}))
    assert texts(looks) == [
        ("number of filters", ["10", "30", "100", "200"]),
        ("mini-batch size", ["20", "100", "500"]),
    ]
    pairs = {(str(looks.colour[setting]), str(looks.dashes[setting])) for setting in range(12)}
    assert len(pairs) == 12


def test_settings_beyond_a_legend_are_coloured_by_their_value_with_the_best_on_top() -> None:
    data = make_study_data(trials=MAX_ENTRIES + 1, fails=(4,))
    looks = looks_of(data)
    assert looks.legends == ()
    assert looks.bar_label == "final validation error"
    assert looks.order[0] == 4
    assert looks.order[-1] == data.trials["value"].idxmin()
    assert lightness(looks.colour[looks.order[-1]]) < lightness(looks.colour[looks.order[1]])


def test_the_best_of_a_study_that_maximises_are_on_top_and_dark() -> None:
    data = make_study_data(trials=20, objective="mine", direction="maximise")
    looks = looks_of(data)
    assert looks.order[-1] == data.trials["value"].idxmax()
    assert lightness(looks.colour[looks.order[-1]]) < lightness(looks.colour[looks.order[0]])


def test_many_values_of_one_number_are_coloured_by_it() -> None:
    looks = looks_of(make_study_data({"momentum": {"type": "float", "low": 0.0, "high": 0.95, "step": 0.05}}))
    assert looks.legends == ()
    assert looks.bar_label == "momentum"


def test_a_label_says_how_many_replicates_diverged() -> None:
    data = make_study_data(
        {"learning_rate": [0.01, 1.0]}, replicates=2, diverges=lambda params: params["learning_rate"] == 1.0
    )
    data.trials.loc[2, "diverged"] = False
    assert texts(looks_of(data)) == [("learning rate", ["0.01", "1 (1 of 2 diverged)"])]


@pytest.mark.parametrize("count", [9, 10, 11])
def test_a_legend_has_no_more_entries_than_there_is_room_for(count: int) -> None:
    choices = [f"choice {place}" for place in range(count)]
    looks = looks_of(make_study_data({"kind": choices}, objective="mine"), room=9)
    assert bool(looks.legends) == (count <= 9)
    assert bool(looks.norm) != bool(looks.legends)
