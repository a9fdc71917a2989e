"""Which figures a report has, in which order and under which heading."""

from master.analysis.figures import (
    curves,
    grids,
    importance,
    pairs,
    parameters,
    search,
    simulation,
    stochasticity,
    timeline,
    times,
)
from master.analysis.figures.figure import NamedFigure
from master.analysis.frames import StudyData
from master.analysis.phases import of_search

SEARCH = ("The search", (search, simulation))
PARAMETERS = (
    "Parameters",
    (parameters, grids, stochasticity, pairs, importance),
)
CURVES = ("Curves", (curves,))
TIME = ("Time", (times, timeline))
ORDER = (SEARCH, PARAMETERS, CURVES, TIME)
ORDER_OF_A_GRID = (PARAMETERS, CURVES, TIME, ("As a random search", (simulation,)))
"""A grid is run to compare its settings; in which order it went through them says nothing."""


def sections(data: StudyData) -> list[tuple[str, list[NamedFigure]]]:
    """Heading and figures of each section that has any; the figures are not drawn yet."""
    order = ORDER_OF_A_GRID if data.spec.sampler.name == "grid" else ORDER
    searched = of_search(data)
    found: list[tuple[str, list[NamedFigure]]] = []
    for title, modules in order:
        # Time was spent on every trial; what a search tells is told by its own.
        shown = data if modules is TIME[1] else searched
        figures = [figure for module in modules for figure in module.figures(shown)]
        if figures:
            found.append((title, figures))
    return found
