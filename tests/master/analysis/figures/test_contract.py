"""What holds for every module of figures in the catalogue, in every situation that a study may be in."""

import io
import re
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import pytest

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures import catalogue, importance, pairs, parallel_coordinates, simulation, timeline
from hyperspool.master.analysis.figures.legends import MAX_ENTRIES
from tests.master.analysis.synthetic import make_study_data, with_goals, with_rungs

MODULES = {
    module
    for _, modules in (
        *catalogue.ORDER,
        *catalogue.ORDER_OF_A_GRID,
        *catalogue.ORDER_OF_AN_ABLATION,
        *catalogue.ORDER_WITH_RUNGS,
    )
    for module in modules
}
SLOW = {importance, simulation}
"""Their own tests draw them in a few situations."""
QUICK = sorted(MODULES - SLOW, key=lambda module: module.__name__)
UNNAMED = {pairs, parallel_coordinates, timeline}
"""Their first plot has no name for both axes: outer plots have one, or rows and columns have a name each."""
LARGEST_SVG_BYTES = 3_000_000
"""As matplotlib writes it; the file and the page have about a third of it."""
GRID: dict[str, Any] = {"num_filters": [10, 30, 100], "batch_size": [20, 100, 500], "learning_rate": 0.01}
RATES: dict[str, Any] = {"learning_rate": [0.001, 0.01, 0.02, 0.03, 0.05, 1.0, 2.0], "num_filters": 32}
CHOICES: dict[str, Any] = {"x": [1, 2, 3, 5, 8], "kind": ["$a$", "b"], "deep": [True, False]}
CONDITIONAL: dict[str, Any] = {
    "kind": ["a", "b"],
    "momentum": {"type": "categorical", "choices": [0.0, 0.5, 0.9], "when": {"kind": "a"}},
}
SOURCES: dict[str, Any] = {"varies": ["none", "initialisation", "shuffling", "dropout", "all"], "learning_rate": 0.05}
SITUATIONS: dict[str, Callable[[], StudyData]] = {
    "a grid of nine": lambda: make_study_data(GRID),
    "replicates, some diverge": lambda: make_study_data(RATES, replicates=3, diverges=_is_fast),
    "every trial diverges at once": lambda: make_study_data(RATES, epochs=1, diverges=lambda _: True),
    "every trial diverges later": lambda: make_study_data(GRID, diverges=lambda _: True),
    "every trial fails": lambda: make_study_data(GRID, fails=range(9)),
    "a hundred random trials": lambda: make_study_data(trials=100, diverges=_is_fast, fails=(3, 4)),
    "many random trials": lambda: make_study_data(trials=400, epochs=50),
    "one trial": lambda: make_study_data(trials=1),
    "one epoch": lambda: make_study_data(trials=70, epochs=1),
    "one epoch of a grid": lambda: make_study_data(GRID, epochs=1),
    "a user's objective": lambda: make_study_data(
        CHOICES, objective="mine", direction="maximise", has_curves=False, replicates=2
    ),
    "conditions": lambda: make_study_data(CONDITIONAL, objective="mine", replicates=2),
    "a list of twenty": lambda: make_study_data({"learning_rate": [0.01 * 1.3**place for place in range(20)]}),
    "rungs": lambda: with_rungs(make_study_data(trials=40, epochs=9, diverges=_is_fast, fails=(3, 4))),
    "one trial on the lowest rung": lambda: with_rungs(make_study_data(trials=1, epochs=9), reach=lambda _: 0),
    "two objectives": lambda: with_goals(make_study_data(trials=100, objective="mine", fails=(3,), diverges=_is_fast)),
    "three objectives, many trials": lambda: with_goals(make_study_data(trials=400, objective="mine", epochs=2), 3),
    "four objectives within limits": lambda: with_goals(
        make_study_data(trials=40, objective="mine"), 4, ["size <= 100"]
    ),
    "two objectives of one trial": lambda: with_goals(make_study_data(trials=1, objective="mine")),
    "no trial within the limits": lambda: with_goals(make_study_data(trials=4, objective="mine"), 2, ["error <= -1"]),
    "sources of randomness": lambda: make_study_data(SOURCES, replicates=3),
}


@cache
def study_in(situation: str) -> StudyData:
    return SITUATIONS[situation]()


def _is_fast(params: dict[str, Any]) -> bool:
    return bool(params["learning_rate"] > 0.25)


@pytest.mark.parametrize("module", QUICK, ids=lambda module: module.__name__.rpartition(".")[2])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_figures_can_be_read_in_every_situation(situation: str, module: ModuleType) -> None:
    found = module.figures(study_in(situation))
    assert len({figure.name for figure in found}) == len(found)
    for named in found:
        assert re.fullmatch(r"[a-z0-9-]+", named.name)
        assert re.match(r"^[A-Z0-9].*\.$", named.caption)
        assert ".." not in named.caption
        drawn = named.draw()
        buffer = io.BytesIO()
        drawn.savefig(buffer, format="svg", dpi=150)
        assert len(buffer.getvalue()) < LARGEST_SVG_BYTES
        entries = [text for legend in drawn.legends for text in legend.get_texts()]
        assert len(entries) <= MAX_ENTRIES
        first = drawn.axes[0]
        assert module in UNNAMED or (first.get_xlabel() and first.get_ylabel())
        boxes = [legend.get_window_extent() for legend in drawn.legends]
        assert all(drawn.bbox.x0 <= box.x0 and box.x1 <= drawn.bbox.x1 and drawn.bbox.y0 <= box.y0 for box in boxes)
        assert not any(box.overlaps(plot.get_window_extent()) for box in boxes for plot in drawn.axes)


def test_an_empty_study_has_no_figure() -> None:
    full = make_study_data(GRID)
    empty = StudyData(full.spec, full.trials.head(0), full.curves.head(0))
    assert not any(module.figures(empty) for module in MODULES)
