"""Marks: which dots, lines and areas of a figure stand for which trials, and what its plots span.

matplotlib writes an artist's id (`gid`) into an SVG file. A figure names the trials of an artist there; `name_parts`
adds what a page needs to move an artist when a plot is zoomed. `master.analysis.figures.svg` reads the ids again.
"""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any, NamedTuple

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis as DrawnAxis
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import FixedLocator
from matplotlib.transforms import Transform

PART, AXIS_LABEL = "part", "axis-label"
"""Leading words of the ids of a part of a plot, and of the name of one of its axes."""
PLOT, PARALLEL, SIDE = "plot", "parallel", "side"
"""Leading words of the ids of a plot, of one of parallel coordinates, and of one of two that show the same curves."""
_TRIALS = "trials_"
_PART = re.compile(r"part\d+-(?P<moves>[xy]*)(?:-(?P<right>-?\d+)-(?P<down>-?\d+))?(?:-trials_(?P<trials>[\d._]+))?")
SCALES = ("linear", "log")
"""The scales of an axis whose limits a page can change."""


class Part(NamedTuple):
    """What the id of a part of a plot says.

    Attributes:
        moves: `x`, `y` or both: in which directions it moves with the data when the limits of the plot change.
        offset: from the place in data coordinates to where it is written, to the right and down, in points.
        trials: a text of trial numbers for each of its marks, joined by dots; empty if it does not stand for trials.
    """

    moves: str
    offset: tuple[int, int]
    trials: tuple[str, ...]


def mark_trials(artist: Artist, trials: Iterable[int | Iterable[int]]) -> None:
    """Say which trials an artist stands for.

    Args:
        artist: a collection or a line.
        trials: for each of its items the trial, or the trials. An item that is not drawn, because it is not finite,
            has none. A line that is a single mark has one item.
    """
    texts = [str(one) if isinstance(one, int) else ".".join(map(str, one)) for one in trials]
    if texts:
        artist.set_gid(f"{_TRIALS}{'_'.join(texts)}")
    if isinstance(artist, LineCollection):
        for path in artist.get_paths():
            path.should_simplify = False  # a point that is left out on this scale would be missed on another


def mark_parallel(plot: Axes) -> None:
    """Say that a plot shows parallel coordinates: its lines are chosen by where they cross its vertical axes."""
    plot.set_gid(PARALLEL)


def mark_sides(plots: Iterable[Axes]) -> None:
    """Say that plots side by side show the same curves: a page may show one of them in the whole width."""
    for plot in plots:
        plot.set_gid(SIDE)


def part_of(text: str) -> Part | None:
    """Read the id of a part of a plot; None for any other id."""
    if (found := _PART.fullmatch(text)) is None:
        return None
    offset = (int(found["right"] or 0), int(found["down"] or 0))
    return Part(found["moves"], offset, tuple((found["trials"] or "").split("_")) if found["trials"] else ())


def name_parts(figure: Figure) -> None:
    """Give ids to the plots of a figure and to all that is drawn in them."""
    numbers = count()
    for place, plot in enumerate(figure.axes):
        for axis in (plot.xaxis, plot.yaxis):
            axis.label.set_gid(f"{AXIS_LABEL}{next(numbers)}")
        fixed = {plot.patch, plot.xaxis, plot.yaxis, plot.title, *plot.spines.values()}
        for artist in plot.get_children():
            if artist not in fixed:
                own = artist.get_gid() or ""
                trials = f"-{own}" if own.startswith(_TRIALS) else ""
                artist.set_gid(f"{PART}{next(numbers)}-{''.join(_moves(artist, plot))}{_offset(artist)}{trials}")
        plot.set_gid(f"{plot.get_gid() or PLOT}{place}")


def plots_json(figure: Figure) -> str:
    """What each plot of a laid-out figure spans, as JSON: a table per plot, in the order of their ids.

    `box` has the left, upper, right and lower end in points from the upper left corner. `x` and `y` have `limits` and
    `scale`, and `ticks` if these stand at listed values; they are null if the limits of the plot cannot be changed.
    """
    width, height = (float(inches) * 72 for inches in figure.get_size_inches())
    tables: list[dict[str, Any]] = []
    for plot in figure.axes:
        place = plot.get_position()
        corners = (place.x0 * width, (1 - place.y1) * height, place.x1 * width, (1 - place.y0) * height)
        table: dict[str, Any] = {"box": [round(corner, 2) for corner in corners], "x": None, "y": None}
        if not plot.images and all(axis.get_scale() in SCALES for axis in (plot.xaxis, plot.yaxis)):
            table |= {"x": _span(plot.xaxis, plot.get_xlim()), "y": _span(plot.yaxis, plot.get_ylim())}
        tables.append(table)
    return json.dumps(tables, separators=(",", ":"))


def _span(axis: DrawnAxis, limits: tuple[float, float]) -> dict[str, Any]:
    span: dict[str, Any] = {"limits": [float(end) for end in limits], "scale": axis.get_scale()}
    if isinstance(axis.get_major_locator(), FixedLocator):
        texts = (label.get_text() for label in axis.get_majorticklabels())
        span["ticks"] = [[float(at), text] for at, text in zip(axis.get_majorticklocs(), texts, strict=False)]
    return span


def _moves(artist: Artist, plot: Axes) -> Iterator[str]:
    coordinates: Any = artist.get_transform()
    if isinstance(artist, PathCollection):
        coordinates = artist.get_offset_transform()
    elif isinstance(artist, Annotation):
        coordinates = artist.xycoords
    if isinstance(coordinates, Transform):
        follows = coordinates.contains_branch_seperately(plot.transData)
    else:
        pair = coordinates if isinstance(coordinates, tuple) else (coordinates, coordinates)
        follows = [one == "data" for one in pair]
    return (name for name, does_follow in zip("xy", follows, strict=True) if does_follow)


def _offset(artist: Artist) -> str:
    if not isinstance(artist, Annotation) or artist.anncoords != "offset points":
        return ""
    right, up = (round(float(distance)) for distance in artist.xyann)
    return f"-{right}-{-up}"
