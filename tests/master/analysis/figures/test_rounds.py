import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures import catalogue
from hyperspool.master.analysis.figures.rounds import figures
from hyperspool.master.analysis.measures.rounds import rounds
from tests.conftest import spec_of
from tests.master.analysis.measures.test_rounds import distance, fine
from tests.master.analysis.searched import searched

SWITCHED: dict[str, Any] = {
    "flag": [True, False],
    "kind": ["a", "b"],
    "width": {"type": "int", "low": 1, "high": 100, "when": {"kind": "a"}},
}


def switched() -> StudySpec:
    return spec_of(trials=40, sampler={"name": "coarse-to-fine", "rounds": 4, "keep": 3}, space=SWITCHED)


def wanted(_: int, params: Params) -> float:
    return float(params.get("width", 50)) / 100


SITUATIONS: dict[str, Callable[[], StudyData]] = {
    "finished": lambda: searched(fine(), distance),
    "under way": lambda: searched(fine(), distance, done=23),
    "to maximise": lambda: searched(fine(direction="maximise"), distance),
    "replicates": lambda: searched(fine(120, replicates=2), distance),
    "some fail, some diverge": lambda: searched(
        fine(), lambda trial, params: [distance(trial, params), None, float("inf")][trial % 3]
    ),
    "lists and conditions": lambda: searched(switched(), wanted),
    "one value": lambda: searched(fine(), distance, done=1),
}


def panels_of(data: StudyData) -> list[Axes]:
    (figure,) = figures(data)
    return figure.draw().axes


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_figure_can_be_read_in_every_situation(situation: str) -> None:
    data = SITUATIONS[situation]()
    (figure,) = figures(data)
    assert re.match(r"^\d of \d rounds\. \d+ COMPLETE trials?\. .*\.$", figure.caption)
    drawn = figure.draw()
    drawn.savefig(io.BytesIO(), format="svg")
    assert all(panel.get_xlabel() == "round" and panel.get_ylabel() for panel in drawn.axes)
    assert len(drawn.axes) == 1 + (3 if "rate" in data.spec.space.root or "flag" in data.spec.space.root else 0)


def test_stars_are_the_best_of_each_round() -> None:
    data = searched(fine(), distance)
    (stars,) = (line for line in panels_of(data)[0].lines if line.get_marker() == "*")
    drawn = pd.Series(np.asarray(stars.get_ydata()), index=np.asarray(stars.get_xdata()).round())
    for each in rounds(data):
        best = data.trials.set_index("trial")["value"][list(each.best)]
        assert sorted(drawn[each.number]) == sorted(best)


def test_grey_is_what_each_round_drew_from() -> None:
    data = searched(fine(), distance)
    _, _, width, _ = panels_of(data)
    regions = [box.get_paths()[0].get_extents() for box in width.collections if len(box.get_paths()) == 1]
    drawn = [(box.y0, box.y1) for box in regions if box.width == pytest.approx(0.8)]
    assert drawn == [tuple(map(float, each.ranges()["width"].split(" to "))) for each in rounds(data)]


def test_other_searches_and_rounds_without_values_have_no_figure() -> None:
    assert figures(searched(spec_of(), lambda trial, _: float(trial))) == []
    assert figures(searched(fine(), lambda *_: None)) == []


def test_the_rounds_have_a_section_before_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    assert catalogue.ORDER.index(catalogue.ROUNDS) < catalogue.ORDER.index(catalogue.SEARCH)
    monkeypatch.setattr(catalogue, "ORDER", (catalogue.ROUNDS,))
    ((title, (figure,)),) = catalogue.sections(searched(fine(), distance))
    assert (title, figure.name) == ("From coarse to fine", "rounds")
    assert catalogue.sections(searched(spec_of(), lambda trial, _: float(trial))) == []


def test_of_very_many_parameters_the_first_are_drawn() -> None:
    space = {f"p{number}": {"type": "float", "low": 0.0, "high": 1.0} for number in range(14)}
    spec = spec_of(trials=30, sampler={"name": "coarse-to-fine", "rounds": 2, "keep": 3}, space=space)
    data = searched(spec, lambda trial, _: trial / 100)
    assert len(panels_of(data)) == 12
    assert "The first 11 of 14 parameters are shown." in figures(data)[0].caption
