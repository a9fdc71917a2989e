import math

import pytest

from hyperspool.master.terminal.sparkline import sparkline


@pytest.mark.parametrize(
    ("values", "width", "line"),
    [
        ([], 10, ""),
        ([3.0], 10, "▁"),
        ([2.0, 2.0], 10, "▁▁"),
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 8, "▁▂▃▄▅▆▇█"),
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 4, "▁▃▆█"),
        ([1.0, math.nan, 0.0, math.inf], 10, "█ ▁ "),
        ([math.nan, math.nan], 10, "  "),
        ([-1.7e308, 1.7e308], 10, "▁█"),
    ],
)
def test_curve_is_drawn_between_its_lowest_and_highest(values: list[float], width: int, line: str) -> None:
    assert sparkline(values, width) == line


def test_plain_line_is_ascii() -> None:
    assert sparkline([0.0, 1.0, 2.0], 10, is_plain=True) == "_=#"
