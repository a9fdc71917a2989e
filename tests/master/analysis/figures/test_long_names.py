"""Names as long as they may be do not meet each other."""

from itertools import pairwise
from typing import Any

import pytest

from hyperspool.master.analysis.figures import pairs, parallel_coordinates, value_panels
from hyperspool.master.analysis.figures.texts import fitted, width_in
from tests.master.analysis.synthetic import make_study_data

UNIT = {"type": "float", "low": 0.0, "high": 1.0}
LONG = "a_parameter_whose_name_is_as_long_as_a_name_may_be_and_not_over"


@pytest.mark.parametrize("module", [parallel_coordinates, value_panels, pairs])
def test_long_names_below_a_figure_stand_apart(module: Any) -> None:
    data = make_study_data({f"{LONG}{place}": UNIT for place in range(3)}, trials=12, objective="mine")
    (named,) = module.figures(data)
    drawn = named.draw()
    drawn.draw_without_rendering()
    if module is parallel_coordinates:
        boxes = [text.get_window_extent() for text in drawn.axes[0].get_xticklabels()]
    else:
        boxes = [plot.xaxis.label.get_window_extent() for plot in drawn.axes if plot.get_xlabel()]
    lowest = min(box.y0 for box in boxes)
    row = sorted((box for box in boxes if box.y0 < lowest + 5), key=lambda box: box.x0)
    assert len(row) > 1
    assert all(left.x1 <= right.x0 for left, right in pairwise(row))
    assert row[0].x0 >= 0


def test_a_name_is_cut_to_its_room() -> None:
    assert fitted("kind", 1.0) == "kind"
    cut = fitted(LONG, 1.5)
    assert cut.endswith("…")
    assert 1.2 < width_in(cut) <= 1.5
