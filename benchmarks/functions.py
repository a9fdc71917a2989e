"""Functions to search whose least value is known, and a table of real trials that is searched like one."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.recorded import Recorded
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import make_sampler

RANDOM_EVALUATIONS = 100
RANDOM_SEEDS = 200


@dataclass(frozen=True)
class Function:
    """A function to minimise.

    Attributes:
        space: as in a study.
        heights: of points.
    """

    space: dict[str, Any]
    heights: Callable[[Sequence[Params]], list[float]]


def study_of(function: Function, sampler: str, seed: int, trials: int) -> StudySpec:
    """The study that searches a function."""
    table = {"name": "quality", "trials": trials, "seed": seed, "objective": {"name": "height"}}
    return StudySpec.model_validate(table | {"space": function.space, "sampler": {"name": sampler}})


def goal_of(function: Function) -> float:
    """The median, over many seeds, of the best of 100 random evaluations."""
    bests: list[float] = []
    for seed in range(RANDOM_SEEDS):
        sampler = make_sampler(study_of(function, "random", seed, RANDOM_EVALUATIONS))
        bests.append(min(function.heights([each.params for each in sampler.suggest(RANDOM_EVALUATIONS, Known())])))
    return statistics.median(bests)


def _each(height: Callable[[Params], float]) -> Callable[[Sequence[Params]], list[float]]:
    return lambda points: [height(params) for params in points]


def _bowl(params: Params) -> float:
    rate, size, momentum = (float(params[name]) for name in ("rate", "size", "momentum"))
    return (math.log10(rate) + 2) ** 2 / 4 + math.log(size / 64) ** 2 / 8 + (momentum - 0.6) ** 2


def _branches(params: Params) -> float:
    base = {"sgd": 0.0, "adam": 0.1, "none": 0.5}[str(params["method"])]
    rate = (math.log10(float(params["rate"])) + 2) ** 2 / 4
    return base + rate + (float(params["momentum"]) - 0.9) ** 2 if "momentum" in params else base + rate


def _valley(params: Params) -> float:
    # Rosenbrock's function on the logarithms of two parameters that belong together.
    first, second = (math.log10(float(params[name])) + 2 for name in ("rate", "decay"))
    return (1 - first) ** 2 / 10 + 3 * (second - first**2) ** 2


def _digits() -> Function:
    table = Recorded()
    return Function(table.space, lambda points: table.answers(points)[:, -1].tolist())


FUNCTIONS: dict[str, Callable[[], Function]] = {
    "bowl": lambda: Function(
        {
            "rate": {"low": 1e-4, "high": 1.0, "log": True},
            "size": {"low": 4, "high": 256, "log": True},
            "momentum": {"low": 0.0, "high": 0.9, "step": 0.1},
        },
        _each(_bowl),
    ),
    "branches": lambda: Function(
        {
            "method": ["sgd", "adam", "none"],
            "rate": {"low": 1e-4, "high": 1.0, "log": True},
            "momentum": {"low": 0.0, "high": 0.99, "when": {"method": ["sgd"]}},
        },
        _each(_branches),
    ),
    "valley": lambda: Function(
        {name: {"low": 1e-4, "high": 1.0, "log": True} for name in ("rate", "decay")}, _each(_valley)
    ),
    "digits": _digits,
}
"""By name. `digits` is scenario 5's space as `benchmarks.record_table` recorded it; the others' least value is 0."""
