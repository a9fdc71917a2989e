"""A value of 0 that a logarithmic scale does not have: where it stands, and that the pictures say so."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hyperspool.common.space import Params
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures import pairs, rounds, search
from hyperspool.master.analysis.measures.drawn_trials import zero_sentences
from hyperspool.master.analysis.measures.positions import positions
from hyperspool.master.analysis.measures.settings import searched_parameters
from tests.conftest import spec_of
from tests.master.analysis.searched import searched

SPACE: dict[str, Any] = {
    "l2": {"type": "float", "low": 1e-6, "high": 1.0, "log": True, "coarse": [0.0, 1e-6, 1e-3, 1.0]},
    "rate": {"type": "float", "low": 0.01, "high": 1.0},
}
TOLD = "A value of 0 for l2 is drawn at 1e-06, where its logarithmic scale begins."


@pytest.fixture
def data() -> StudyData:
    spec = spec_of(trials=40, batch=8, sampler={"name": "coarse-to-fine", "rounds": 2, "keep": 4}, space=SPACE)

    def value_of(_: int, params: Params) -> float:
        return float(params["l2"]) + float(params["rate"])

    return searched(spec, value_of)


def test_a_zero_stands_at_the_scales_low_end_and_all_else_where_it_is(data: StudyData) -> None:
    l2, rate = searched_parameters(data.spec)
    values = data.trials["params_l2"].to_numpy()
    assert (values == 0).any()
    assert positions(l2, data.trials["params_l2"]) == pytest.approx(np.where(values == 0, 1e-6, values))
    assert positions(rate, data.trials["params_rate"]) == pytest.approx(data.trials["params_rate"].to_numpy())


def test_every_picture_of_such_a_parameter_says_so_and_can_be_drawn(data: StudyData) -> None:
    shown = [figure for module in (search, pairs, rounds) for figure in module.figures(data)]
    told = {figure.name: TOLD in figure.caption for figure in shown}
    assert told == {
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
    assert zero_sentences(data) == [TOLD]
    assert zero_sentences(without) == []
