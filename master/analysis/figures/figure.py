"""A figure of the report: its name, what it says in words, and how to draw it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

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


def name_of(parameter: str) -> str:
    """A parameter's part in the name of a figure."""
    return parameter.replace("_", "-").lower()


def distinct(figures: Sequence[NamedFigure]) -> list[NamedFigure]:
    """The figures, numbered where one before has the same name: `Rate` and `rate` are parameters of their own."""
    taken: set[str] = set()
    kept: list[NamedFigure] = []
    for figure in figures:
        names = chain([figure.name], (f"{figure.name}-{number}" for number in count(2)))
        name = next(name for name in names if name not in taken)
        taken.add(name)
        kept.append(replace(figure, name=name))
    return kept
