"""A figure of the report: its name, its words, and how to draw it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

from matplotlib.figure import Figure


@dataclass(frozen=True)
class NamedFigure:
    """A figure that a study has the data for; each module of figures lists its own with `figures(data)`.

    Attributes:
        name: file name without its ending: lower case, words joined by hyphens.
        title: for the report's heading.
        caption: what is drawn, of how many trials, and what was left out, in full sentences.
        draw: makes the figure; called once per report.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[], Figure]


def name_of(parameter: str) -> str:
    """A parameter's name as part of a figure's name."""
    return parameter.replace("_", "-").lower()


def distinct(figures: Sequence[NamedFigure]) -> list[NamedFigure]:
    """The figures, numbered where names repeat, as those of the parameters `Rate` and `rate` do."""
    taken: set[str] = set()
    kept: list[NamedFigure] = []
    for figure in figures:
        names = chain([figure.name], (f"{figure.name}-{number}" for number in count(2)))
        name = next(name for name in names if name not in taken)
        taken.add(name)
        kept.append(replace(figure, name=name))
    return kept
