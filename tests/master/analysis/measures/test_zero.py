"""A value of 0 that a logarithmic scale does not have: where it stands, and that the pictures say so."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hyperspool.common.space import Params
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures import best_so_far, pairs, parallel_coordinates, rounds, value_panels
from hyperspool.master.analysis.figures.captions import zero_sentence
from hyperspool.master.analysis.measures.positions import positions
from hyperspool.master.analysis.measures.settings import searched_parameters
from tests.conftest import spec_of
from tests.master.analysis.searched import searched

SPACE: dict[str, Any] = {
    "l2": {"type": "float", "low": 1e-6, "high": 1.0, "log": True, "coarse": [0.0, 1e-6, 1e-3, 1.0]},
    "rate": {"type": "float", "low": 0.01, "high": 1.0},
}
MODULES = (best_so_far, value_panels, parallel_coordinates, pairs, rounds)
SENTENCE = "A value of 0 for l2 is drawn at 1e-06, where its logarithmic scale begins."


@pytest.fixture
def data() -> StudyData:
    spec = spec_of(trials=40, batch=8, sampler={"name": "coarse-to-fine", "rounds": 2, "keep": 4}, space=SPACE)

    def value_of(_: int, params: Params) -> float:
        return float(params["l2"]) + float(params["rate"])

    return searched(spec, value_of)


def test_a_zero_stands_at_the_low_end_of_its_scale(data: StudyData) -> None:
    l2, rate = searched_parameters(data.spec)
    values = data.trials["params_l2"].to_numpy()
    assert (values == 0).any()
    assert positions(l2, data.trials["params_l2"]) == pytest.approx(np.where(values == 0, 1e-6, values))
    assert positions(rate, data.trials["params_rate"]) == pytest.approx(data.trials["params_rate"].to_numpy())


def test_every_figure_of_a_zero_says_so(data: StudyData) -> None:
    shown = [figure for module in MODULES for figure in module.figures(data)]
    found = {figure.name: SENTENCE in figure.caption for figure in shown}
    assert found == {
        "best-so-far": False,
        "value-by-parameter": True,
        "parallel-coordinates": True,
        "pairs": True,
        "rounds": True,
    }
    for figure in shown:
        figure.draw().savefig(io.BytesIO(), format="png")


def test_where_no_trial_has_a_zero_nothing_is_said(data: StudyData) -> None:
    without = replace(data, trials=data.trials[data.trials["params_l2"] > 0])
    assert zero_sentence(data) == SENTENCE
    assert zero_sentence(without) == ""
