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
    listed = [(title, [figure for module in modules for figure in module.figures(data)]) for title, modules in order]
    return [(title, figures) for title, figures in listed if figures]
