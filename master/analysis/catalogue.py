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

SECTIONS = (
    ("The search", (search_figures, simulation_figures)),
    ("Parameters", (parameter_figures, grid_figures, stochasticity_figures, pair_figures, importance_figures)),
    ("Curves", (curve_figures,)),
    ("Time", (time_figures, timeline_figures)),
)


def sections(data: StudyData) -> list[tuple[str, list[NamedFigure]]]:
    """Heading and figures of each section that has any; the figures are not drawn yet."""
    listed = [(title, [figure for module in modules for figure in module.figures(data)]) for title, modules in SECTIONS]
    return [(title, figures) for title, figures in listed if figures]
