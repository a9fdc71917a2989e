"""A figure of the report: its name, what it says in words, and how to draw it."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure


@dataclass(frozen=True)
class NamedFigure:
    """A figure that a study has the data for. Each figure module's `figures(data)` lists its own.

    Attributes:
        name: file name without its ending: lower case, words joined by hyphens.
        title: for the report's heading.
        caption: what is drawn, how many trials went into it, and what was left out, in full sentences.
        draw: makes the figure; called once per report.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[], Figure]
