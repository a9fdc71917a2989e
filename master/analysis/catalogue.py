"""Which figures a report has, in which order and under which heading."""

from master.analysis import (
    curve_figures,
    grid_figures,
    importance_figures,
    pair_figures,
    parameter_figures,
    search_figures,
    simulation_figures,
    stochasticity_figures,
    time_figures,
    timeline_figures,
)
from master.analysis.figure import NamedFigure
from master.analysis.frames import StudyData

SEARCH = ("The search", (search_figures, simulation_figures))
PARAMETERS = (
    "Parameters",
    (parameter_figures, grid_figures, stochasticity_figures, pair_figures, importance_figures),
)
CURVES = ("Curves", (curve_figures,))
TIME = ("Time", (time_figures, timeline_figures))
ORDER = (SEARCH, PARAMETERS, CURVES, TIME)
ORDER_OF_A_GRID = (PARAMETERS, CURVES, TIME, ("As a random search", (simulation_figures,)))
"""A grid is run to compare its settings; in which order it went through them says nothing."""


def sections(data: StudyData) -> list[tuple[str, list[NamedFigure]]]:
    """Heading and figures of each section that has any; the figures are not drawn yet."""
    order = ORDER_OF_A_GRID if data.spec.sampler.name == "grid" else ORDER
    listed = [(title, [figure for module in modules for figure in module.figures(data)]) for title, modules in order]
    return [(title, figures) for title, figures in listed if figures]
