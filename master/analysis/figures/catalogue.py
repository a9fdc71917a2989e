"""The figures of a report, their order and their headings."""

from functools import partial
from types import ModuleType

from hyperspool.common.population import PBT
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.data.missing import Missing, made_or_missing
from hyperspool.master.analysis.data.phases import of_search
from hyperspool.master.analysis.figures import (
    ablation,
    best_so_far,
    curves,
    front,
    grids,
    importance,
    lr_range,
    pairs,
    parallel_coordinates,
    parameters,
    population,
    rounds,
    rungs,
    simulation,
    stochasticity,
    timeline,
    times,
    value_panels,
)
from hyperspool.master.analysis.figures.figure import NamedFigure

ABLATION = ("Test cases", (ablation,))
RANGE = ("Learning-rate range test", (lr_range,))
ROUNDS = ("From coarse to fine", (rounds,))
FRONT = ("Several objectives", (front,))
SEARCH = ("The search", (best_so_far, value_panels, parallel_coordinates, simulation))
CLIMB = ("The search", (rungs, best_so_far, value_panels, parallel_coordinates))
"""Most trials were stopped early, so nothing can be said of their values in another order."""
PARAMETERS = ("Parameters", (parameters, grids, stochasticity, pairs, importance))
CURVES = ("Curves", (curves,))
TIME = ("Time", (times, timeline))
ORDER = (RANGE, ROUNDS, FRONT, SEARCH, PARAMETERS, CURVES, TIME)
ORDER_WITH_RUNGS = (CLIMB, PARAMETERS, CURVES, TIME)
ORDER_OF_A_POPULATION = (("The search", (population,)), CURVES, TIME)
"""What a trial measured follows from the params of all trials that it comes from, so it says little of its own."""
ORDER_OF_A_GRID = (FRONT, PARAMETERS, CURVES, TIME, ("As a random search", (simulation,)))
"""A grid compares settings; the order in which it went through them says nothing."""
ORDER_OF_AN_ABLATION = (ABLATION, CURVES, TIME)
"""The trials of test cases are not a sample of the space, and their order is not a search."""
WHOLE = (ABLATION[1], TIME[1])
"""Sections that show all trials; the others show those of the search alone."""


def sections(data: StudyData, missing: list[Missing] | None = None) -> list[tuple[str, list[NamedFigure]]]:
    """The heading and figures of each section that has figures, which are not drawn yet.

    Args:
        data: the study.
        missing: gets an entry for each kind of figure that fails; None: the error is raised.
    """
    order = _order(data)
    searched = of_search(data)
    found: list[tuple[str, list[NamedFigure]]] = []
    for title, modules in order:
        # Every trial took time, but only a search's own trials say how the search did.
        shown = data if modules in WHOLE else searched
        figures: list[NamedFigure] = []
        for module in modules:
            what = f"The figures of {module.__name__.rpartition('.')[2].replace('_', ' ')}"
            figures += made_or_missing(what, partial(module.figures, shown), missing) or []
        if figures:
            found.append((title, figures))
    return found


def _order(data: StudyData) -> tuple[tuple[str, tuple[ModuleType, ...]], ...]:
    if data.spec.ablation:
        return ORDER_OF_AN_ABLATION
    if data.spec.halving:
        return ORDER_WITH_RUNGS
    if data.spec.sampler.name == PBT:
        return ORDER_OF_A_POPULATION
    return ORDER_OF_A_GRID if data.spec.sampler.name == "grid" else ORDER
