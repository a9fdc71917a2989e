"""A curve as one line of text."""

import math
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = "_.:-=+*#"
"""For terminals that show ASCII alone."""
GAP = " "


def sparkline(values: Sequence[float], width: int, *, is_plain: bool = False) -> str:
    """Draw values as bars between their lowest and their highest; a gap for a value that is not finite.

    Args:
        values: in their order.
        width: the most characters. Of more values, each character shows the last of those that fall on it.
        is_plain: use ASCII alone.
    """
    bars = PLAIN_BARS if is_plain else BARS
    count = min(len(values), width)
    shown = [values[(place + 1) * len(values) // count - 1] for place in range(count)]
    finite = [value for value in shown if math.isfinite(value)]
    if not finite:
        return GAP * count
    low, high = min(finite), max(finite)
    return "".join(_bar(value, low, high, bars) for value in shown)


def _bar(value: float, low: float, high: float, bars: str) -> str:
    if not math.isfinite(value):
        return GAP
    if high <= low:
        return bars[0]
    # Halved first, because the difference of two very large numbers is infinite.
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return bars[min(int(share * len(bars)), len(bars) - 1)]
