"""The texts in figures: labels, ticks, units and notes, short enough to read, and never taken for a formula."""

from functools import cache
from typing import Any

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.measures.settings import Axis
from hyperspool.master.results.wording import param_text

SMALL_PT = 8.0
"""Size of the text of ticks, legends and notes."""
POINTS_PER_INCH = 72.0
FEWEST_LETTERS = 8
LONGEST_CHOICE = 17
"""Characters of a choice that fit below an axis."""


def value_label(spec: StudySpec) -> str:
    """The name of a study's value and which direction is better, for an axis."""
    better = "lower" if spec.objective.direction == "minimise" else "higher"
    return f"{spec.objective.measure_name} ({better} is better)"


def value_title(spec: StudySpec) -> str:
    """The name of a study's value as the first word of a title. A name of the author's own keeps its letters."""
    return spec.objective.measure or spec.objective.measure_name.capitalize()


def choice_text(axis: Axis, place: int) -> str:
    """A choice of a parameter, cut if it is long."""
    return plain(shortened(param_text(axis.choices[place]), LONGEST_CHOICE))


def tick_text(value: float) -> str:
    """A number beside a tick."""
    return f"{value:g}"


def time_unit(longest_s: float) -> tuple[float, str]:
    """The unit that gives a time a readable number.

    Returns:
        The unit's length in seconds, and its name.
    """
    hour, minute = 3600.0, 60.0
    if longest_s >= 10 * hour:
        return hour, "hours"
    return (minute, "minutes") if longest_s >= 10 * minute else (1.0, "seconds")


def plain(text: str) -> str:
    """A text in which matplotlib does not read what stands between two dollar signs as a formula."""
    return text.replace("$", r"\$")


def shortened(text: str, longest: int) -> str:
    """A text of at most `longest` characters, cut with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def fitted(text: str, room_in: float) -> str:
    """A text that is at most as wide as its room, cut with an ellipsis; a few letters always stay."""
    longest = len(text)
    while longest > FEWEST_LETTERS and width_in(shortened(text, longest)) > room_in:
        longest -= 1
    return shortened(text, longest)


@cache
def width_in(text: str) -> float:
    """The width in inches of a text beside a tick or in a legend."""
    width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(size=SMALL_PT), ismath=False)
    return float(width) / POINTS_PER_INCH


def write_beside(
    plot: Axes, text: str, at: tuple[float, float], coordinates: Any, offset: tuple[float, float] = (4, 0), **style: Any
) -> None:
    """Write a small note beside a point of a plot.

    Args:
        plot: to write into, or just outside.
        text: the note.
        at: the point.
        coordinates: of the point, as matplotlib's `xycoords`: `("axes fraction", "data")` for a note at a height.
        offset: from the point to the text, in points.
        style: properties of the text, instead of small and centred at the point's height.
    """
    chosen: dict[str, Any] = {"va": "center", "fontsize": SMALL_PT} | style
    plot.annotate(text, at, xycoords=coordinates, xytext=offset, textcoords="offset points", **chosen)
