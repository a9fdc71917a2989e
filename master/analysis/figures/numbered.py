"""Names beside dots: as many as have room, spread over all of the dots."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from hyperspool.master.analysis.figures.texts import POINTS_PER_INCH, SMALL_PT, plain, width_in
from hyperspool.master.analysis.measures.positions import Floats

OFFSET_PT = 3.0
"""How far a name stands from its dot, to the side and up or down."""
GAP_PT = 2.0
"""The least gap between two names, and between a name and a dot of another."""


class _Box(NamedTuple):
    """A rectangle in points."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top
        )


def name_dots(plot: Axes, dots: Floats, names: Sequence[str], others: Floats, towards: tuple[int, int]) -> list[str]:
    """Write names beside dots of a figure that is complete otherwise; leave out those without room.

    Args:
        plot: its scales and limits are set.
        dots: `(n, 2)`, in data coordinates.
        names: of the dots.
        others: `(m, 2)`, further dots that no name may cover.
        towards: on which side of its dot a name stands: -1 or 1 to the left or right, -1 or 1 below or above.

    Returns:
        The names that are written.
    """
    figure = plot.get_figure(root=True)
    if figure is None:
        raise TypeError("a plot without a figure has no size")
    figure.draw_without_rendering()  # only now it is known where the plot lies
    scale = POINTS_PER_INCH / figure.dpi
    at = np.asarray(plot.transData.transform(dots)) * scale
    (left, bottom), (right, top) = plot.get_window_extent().get_points() * scale
    every = np.concatenate([at, np.asarray(plot.transData.transform(others)).reshape(-1, 2) * scale])
    taken: list[_Box] = []
    written: list[str] = []
    for place in _spread(at):
        box = _box(at[place], names[place], towards)
        is_inside = left <= box.left and box.right <= right and bottom <= box.bottom and box.top <= top
        rest = np.delete(every, place, axis=0)
        if not is_inside or _covers(box, rest) or any(box.meets(other) for other in taken):
            continue
        taken.append(_Box(box.left - GAP_PT, box.bottom - GAP_PT, box.right + GAP_PT, box.top + GAP_PT))
        written.append(names[place])
        plot.annotate(
            plain(names[place]),
            (float(dots[place, 0]), float(dots[place, 1])),
            xytext=(towards[0] * OFFSET_PT, towards[1] * OFFSET_PT),
            textcoords="offset points",
            ha="right" if towards[0] < 0 else "left",
            va="top" if towards[1] < 0 else "bottom",
            fontsize=SMALL_PT,
        )
    return written


def _box(at: Floats, name: str, towards: tuple[int, int]) -> _Box:
    ends = [
        sorted((place + side * OFFSET_PT, place + side * (OFFSET_PT + size)))
        for place, side, size in zip(at.tolist(), towards, (width_in(name) * POINTS_PER_INCH, SMALL_PT), strict=True)
    ]
    return _Box(ends[0][0], ends[1][0], ends[0][1], ends[1][1])


def _covers(box: _Box, dots: Floats) -> bool:
    x, y = dots[:, 0], dots[:, 1]
    across = (x > box.left - GAP_PT) & (x < box.right + GAP_PT)
    return bool((across & (y > box.bottom - GAP_PT) & (y < box.top + GAP_PT)).any())


def _spread(at: Floats) -> Iterable[int]:
    """The places of the dots: first the two ends from left to right, then each the farthest from all before it."""
    order = [int(at[:, 0].argmin())]
    distance = np.hypot(*(at - at[order[0]]).T)
    if len(at) > 1:
        order.append(int(at[:, 0].argmax()))
        distance = np.minimum(distance, np.hypot(*(at - at[order[1]]).T))
    while len(order) < len(at):
        order.append(int(np.where(np.isin(np.arange(len(at)), order), -1.0, distance).argmax()))
        distance = np.minimum(distance, np.hypot(*(at - at[order[-1]]).T))
    return dict.fromkeys(order)
