"""Contradictions between params of a built-in objective, and studies in which every trial would contradict itself.

Training refuses such params itself, and the trial FAILS with the reason. Here the same rules stand a second time, so
that the master can refuse a study in which every trial would fail: training runs without this package, and the master
without torch. A test holds both to the same verdict, in the same words.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice

from hyperspool.common.ablation import cases_of
from hyperspool.common.grid import combinations
from hyperspool.common.objectives import PARAMETERS, with_defaults
from hyperspool.common.space import Categorical, Fixed, Float, Int, Parameter, Params, Scalar, Space
from hyperspool.common.study_objective import Data
from hyperspool.common.study_spec import StudySpec

LOWEST_SHARE = {"cosine": 0.0, "cosine_restarts": 0.0, "triangular": 1 / 4, "one_cycle": 1 / 10, "range_test": 1e-5}
MOMENTUM_SWING = 0.1
WITH_CYCLES_OF_UPDATES = ("triangular", "cyclical_momentum")
WITH_CYCLED_MOMENTUM = ("one_cycle", "cyclical_momentum")
WITH_SNAPSHOTS = ("triangular", "cosine_restarts")
"""The same values as in `worker/training/params.py`, which explains them and names their sources."""
TRAINING_SIZES = {"digits": 1000, "mnist": 50_000, "cifar10": 45_000}
"""Number of training examples in each data set."""
DEFAULT_TRAIN_SIZES = {"digits": 1000, "mnist": 5000, "cifar10": 5000}
"""Number that a trial uses if its study does not set `data.train_size`."""
VALIDATION_SIZES = {"digits": 400, "mnist": 10_000, "cifar10": 5000}

RELEVANT = (
    "schedule",
    "eta_min",
    "eta_max",
    "learning_rate",
    "eta_log",
    "momentum_min",
    "momentum",
    "step_size",
    "cycles",
    "restart_period",
    "snapshots",
    "l2",
    "weight_decay",
    "batch_norm",
    "batch_size",
)
"""The parameters that the rules look at."""
MAX_POINTS = 10_000
"""How many points of a space are tried: a fifth of a second. Nearly always the first has no contradiction."""
EDGE = 2.0**-30
"""Distance from the ends of the unit interval at which a range is tried: no trial lies at the very end."""


def contradiction(params: Mapping[str, Scalar], epochs: int, dataset: str, examples: int) -> str | None:
    """Why training would refuse these params; None if it would not.

    Args:
        params: params of a built-in objective, completed by `with_defaults`.
        epochs: the budget.
        dataset: the data set's name.
        examples: the number of its examples to train on.
    """
    return next(_contradictions(params, epochs, dataset, examples), None)


def study_contradictions(spec: StudySpec) -> tuple[str, ...]:
    """Why every trial of a study, or of a test case of its ablation, would fail: one line per reason.

    Empty if a trial may succeed, or if the objective is a user's own.
    """
    if spec.objective.name not in PARAMETERS:
        return ()
    data = spec.data or Data()
    available, size = TRAINING_SIZES[data.name], data.train_size or DEFAULT_TRAIN_SIZES[data.name]
    if size > available:
        return (f"data.train_size: train_size is {size}, but {data.name} has {available} training examples",)
    if spec.ablation is None:
        return tuple(f"space: {line}" for line in _space_contradictions(spec, spec.space, data.name, size))
    return tuple(
        f"ablation, {case.name}: {line}"
        for case in cases_of(spec.ablation, spec.space)
        for line in _space_contradictions(spec, case.space, data.name, size)
    )


def _space_contradictions(spec: StudySpec, space: Space, dataset: str, examples: int) -> tuple[str, ...]:
    reasons: dict[str, list[str]] = {}
    points = _points(space)
    for params in islice(points, MAX_POINTS):
        found = contradiction(with_defaults(spec.objective.name, params), spec.epochs, dataset, examples)
        if found is None:
            return ()
        reasons.setdefault(re.sub(r"\d[\d.e+-]*", "", found), []).append(found)
    if next(points, None) is not None:
        return ()
    # Each reason once, with the numbers of the first point that it rules out.
    return tuple(
        f"{alike[0]}{'; likewise with other values' if len(set(alike)) > 1 else ''}" for alike in reasons.values()
    )


def _contradictions(params: Mapping[str, Scalar], epochs: int, dataset: str, examples: int) -> Iterator[str]:
    # In the order in which training checks: its message names only the first contradiction.
    yield from _of_rates(params)
    yield from _of_cycles(params)
    l2, weight_decay = float(params["l2"]), float(params["weight_decay"])
    if l2 and weight_decay:
        yield (
            f"l2 is {l2:g} and weight_decay is {weight_decay:g}, which are one thing twice "
            "(weight_decay = 2 * l2): set one of them to 0"
        )
    batch_size = int(params["batch_size"])
    if params["batch_norm"] and batch_size == 1:
        yield "batch_norm is on and batch_size is 1: one example has no variance to be normalised by"
    if batch_size > examples:
        yield (
            f"batch_size is {batch_size}, but {dataset} has {examples} training examples here: an epoch would have no "
            "whole mini-batch"
        )
    yield from _of_budget(params, epochs * (examples // batch_size), epochs)


def _of_rates(params: Mapping[str, Scalar]) -> Iterator[str]:
    schedule, momentum = str(params["schedule"]), float(params["momentum"])
    if schedule in LOWEST_SHARE:
        highest = float(params.get("eta_max", params["learning_rate"]))
        lowest = float(params.get("eta_min", LOWEST_SHARE[schedule] * highest))
        if lowest > highest:
            name = "eta_max" if "eta_max" in params else "eta_max (left out: learning_rate)"
            yield f"eta_min is {lowest:g}, above {name}, which is {highest:g}"
        if schedule == "range_test" and params["eta_log"] and not lowest:
            yield "eta_min is 0 and eta_log is on: a logarithmic range begins above 0"
    if schedule in WITH_CYCLED_MOMENTUM:
        lowest = float(params.get("momentum_min", max(momentum - MOMENTUM_SWING, 0.0)))
        if lowest > momentum:
            yield f"momentum_min is {lowest:g}, above momentum, which is {momentum:g}"


def _of_cycles(params: Mapping[str, Scalar]) -> Iterator[str]:
    schedule = str(params["schedule"])
    if schedule in WITH_CYCLES_OF_UPDATES and "step_size" in params and "cycles" in params:
        yield (
            f"step_size is {params['step_size']} and cycles is {params['cycles']}, but each follows from the other and "
            "the budget: leave one of them out"
        )
    if params["snapshots"] and schedule not in WITH_SNAPSHOTS:
        yield (
            f"snapshots is on and schedule is {schedule}, which has no cycles that end at the lowest learning "
            f"rate: choose {' or '.join(WITH_SNAPSHOTS)}"
        )


def _of_budget(params: Mapping[str, Scalar], updates: int, epochs: int) -> Iterator[str]:
    schedule = str(params["schedule"])
    if schedule in WITH_CYCLES_OF_UPDATES and "step_size" not in params:
        cycles = int(params.get("cycles", 1))
        if "cycles" in params and 2 * cycles > updates:
            yield f"cycles is {cycles}, but the budget has {updates} updates, and a cycle takes two at least"
    if not params["snapshots"]:
        return
    is_triangular = schedule == "triangular"
    first_cycle = 2 * int(params.get("step_size", 0)) if is_triangular else int(params["restart_period"])
    if first_cycle > (updates if is_triangular else epochs):
        yield (
            f"snapshots is on, but no cycle of {schedule} ends within the budget's {updates} updates: "
            f"lengthen the budget, or shorten {'step_size' if is_triangular else 'restart_period'}"
        )


def _points(space: Space) -> Iterator[Params]:
    """Points that stand for the whole space: if the rules forbid all of them, they forbid every trial."""
    return combinations(space, space.order(), partial(_tried, space))


def _tried(space: Space, name: str, parameter: Parameter) -> tuple[Scalar, ...]:
    match parameter:
        case Fixed():
            return (parameter.value,)
        case Categorical():
            values = parameter.choices
        case Float() | Int() if parameter.coarse:
            values = parameter.coarse  # later rounds draw around the first: if all of it fails, there is no other
        case Float():
            second = (parameter.at_step(1),) if parameter.step_count > 1 else ()
            values = (parameter.from_unit(EDGE), *second, parameter.from_unit(1 - EDGE))
        case Int():
            values = (parameter.low, min(parameter.low + (parameter.step or 1), parameter.high), parameter.high)
    # One value is enough for a parameter that no rule and no condition looks at: it cannot change the verdict.
    decides = name in RELEVANT or any(name in other.when for _, other in space.items())
    return tuple(dict.fromkeys(values)) if decides else values[:1]
