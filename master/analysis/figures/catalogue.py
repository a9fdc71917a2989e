"""Which figures a report has, in which order and under which heading."""

from types import ModuleType

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.data.phases import of_search
from hyperspool.master.analysis.figures import (
    ablation,
    curves,
    grids,
    importance,
    lr_range,
    pairs,
    parameters,
    rounds,
    search,
    simulation,
    stochasticity,
    timeline,
    times,
)
from hyperspool.master.analysis.figures.figure import NamedFigure

ABLATION = ("Test cases", (ablation,))
RANGE = ("Learning-rate range test", (lr_range,))
ROUNDS = ("From coarse to fine", (rounds,))
SEARCH = ("The search", (search, simulation))
PARAMETERS = (
    "Parameters",
    (parameters, grids, stochasticity, pairs, importance),
)
CURVES = ("Curves", (curves,))
TIME = ("Time", (times, timeline))
ORDER = (RANGE, ROUNDS, SEARCH, PARAMETERS, CURVES, TIME)
ORDER_OF_A_GRID = (PARAMETERS, CURVES, TIME, ("As a random search", (simulation,)))
"""A grid is run to compare its settings; in which order it went through them says nothing."""
ORDER_OF_AN_ABLATION = (ABLATION, CURVES, TIME)
"""The trials of its test cases are no sample of the space, and their order is no search of it."""
WHOLE = (ABLATION[1], TIME[1])
"""What all trials are shown in. Elsewhere those of the search alone are."""


def sections(data: StudyData) -> list[tuple[str, list[NamedFigure]]]:
    """Heading and figures of each section that has any; the figures are not drawn yet."""
    order = _order(data)
    searched = of_search(data)
    found: list[tuple[str, list[NamedFigure]]] = []
    for title, modules in order:
        # Time was spent on every trial; what a search tells is told by its own.
        shown = data if modules in WHOLE else searched
        figures = [figure for module in modules for figure in module.figures(shown)]
        if figures:
            found.append((title, figures))
    return found


def _order(data: StudyData) -> tuple[tuple[str, tuple[ModuleType, ...]], ...]:
    if data.spec.ablation:
        return ORDER_OF_AN_ABLATION
    return ORDER_OF_A_GRID if data.spec.sampler.name == "grid" else ORDER
