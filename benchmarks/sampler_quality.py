"""Measures how many evaluations each search method needs, on functions whose shape is known and on real trials.

    python -m benchmarks.sampler_quality [--seeds 30] [--trials 100] [--batch 8] [--methods tpe,gp] [--functions digits]

`digits` is no formula but the table of real trials of `benchmarks.recorded`. For each function it prints, over the
seeds: after how many evaluations a method is as good as the median of 100 random ones (median, and in brackets the
middle 80 %), and how far its best is from the optimum after 20, 50 and 100 evaluations (medians). `optuna tpe` is
Optuna's own sampler, asked in batches as the methods here are: for 8 trials at once. Then it prints the milliseconds of
one proposal after 10, 100 and 1,000 trials.
"""

import argparse
import math
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning

from benchmarks.recorded import Recorded
from hyperspool.common.records import Status
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.encoding import Encoding
from hyperspool.master.search.known import Evaluation, Known
from hyperspool.master.search.methods import make_sampler

METHODS = ("random", "qmc", "cmaes", "tpe", "gp", "optuna tpe", "optuna gp")
RANDOM_EVALUATIONS = 100
RANDOM_SEEDS = 200
KNOWN_TRIALS = (10, 100, 1000)
AFTER = (20, 50, 100)


@dataclass(frozen=True)
class Function:
    """A function to minimise, whose least value is 0.

    Attributes:
        space: as in a study.
        height: of a point.
    """

    space: dict[str, Any]
    height: Callable[[Params], float]


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


FUNCTIONS = {
    "bowl": Function(
        {
            "rate": {"low": 1e-4, "high": 1.0, "log": True},
            "size": {"low": 4, "high": 256, "log": True},
            "momentum": {"low": 0.0, "high": 0.9, "step": 0.1},
        },
        _bowl,
    ),
    "branches": Function(
        {
            "method": ["sgd", "adam", "none"],
            "rate": {"low": 1e-4, "high": 1.0, "log": True},
            "momentum": {"low": 0.0, "high": 0.99, "when": {"method": ["sgd"]}},
        },
        _branches,
    ),
    "valley": Function({name: {"low": 1e-4, "high": 1.0, "log": True} for name in ("rate", "decay")}, _valley),
}


def digits() -> Function:
    """Scenario 5's space on digits, as it was recorded."""
    table = Recorded()
    return Function(table.space, lambda params: float(table.answers([params])[0, -1]))


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--functions", default=",".join((*FUNCTIONS, "digits")))
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", ExperimentalWarning)
    methods = options.methods.split(",")
    for name in options.functions.split(","):
        function = digits() if name == "digits" else FUNCTIONS[name]
        goal = statistics.median(min(heights) for heights in runs("random", function, RANDOM_SEEDS, 100, 8))
        print(f"\n{name}: the best of {RANDOM_EVALUATIONS} random evaluations is {goal:.4f} in the median")
        print(f"{'method':<12} {'evaluations to reach it':>26}  {'  '.join(f'best of {n:>3}' for n in AFTER)}")
        for method in methods:
            if method.endswith("cmaes") and name == "branches":
                continue  # it has a list
            found = list(runs(method, function, options.seeds, options.trials, options.batch))
            bests = [statistics.median(min(heights[:count]) for heights in found) for count in AFTER]
            print(f"{method:<12} {reached(found, goal):>26}  {'  '.join(f'{best:>11.5f}' for best in bests)}")
    print_costs([method for method in methods if not method.startswith("optuna")])


def runs(method: str, function: Function, seeds: int, trials: int, batch: int) -> Sequence[list[float]]:
    """The heights of each evaluation, for each seed."""
    play = optuna_heights if method.startswith("optuna") else heights_of
    return [play(method, function, seed, trials, batch) for seed in range(seeds)]


def heights_of(method: str, function: Function, seed: int, trials: int, batch: int) -> list[float]:
    """Play a study in batches, and return the height of each trial."""
    sampler, known, heights = make_sampler(spec_of(method, function, seed, trials)), Known(), list[float]()
    while known.next_trial < trials:
        for proposal in sampler.suggest(min(batch, trials - known.next_trial), known):
            heights.append(function.height(proposal.params))
            known.finish(Evaluation(proposal, Status.COMPLETE, heights[-1]))
    return heights


def optuna_heights(method: str, function: Function, seed: int, trials: int, batch: int) -> list[float]:
    """Let Optuna's own sampler search, by its ask and tell."""
    sampler: optuna.samplers.BaseSampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)
    if method == "optuna gp":
        sampler = optuna.samplers.GPSampler(seed=seed, warn_independent_sampling=False)
    study = optuna.create_study(sampler=sampler)
    encoding = Encoding(spec_of("random", function, seed, trials).space)
    heights: list[float] = []
    while len(heights) < trials:
        asked = [study.ask() for _ in range(min(batch, trials - len(heights)))]
        own_heights = [function.height(encoding.ask(trial)) for trial in asked]
        for trial, height in zip(asked, own_heights, strict=True):
            study.tell(trial, height)
        heights += own_heights
    return heights


def spec_of(method: str, function: Function, seed: int, trials: int) -> StudySpec:
    """The study of a method."""
    table = {"name": "quality", "trials": trials, "seed": seed, "objective": {"name": "height"}}
    return StudySpec.model_validate(table | {"space": function.space, "sampler": {"name": method}})


def reached(found: Sequence[list[float]], goal: float) -> str:
    """After how many evaluations the goal is reached: the median, and the middle 80 % of the seeds."""
    counts = sorted(next((n for n, height in enumerate(one, 1) if height <= goal), math.inf) for one in found)
    low, middle, high = (counts[round(share * (len(counts) - 1))] for share in (0.1, 0.5, 0.9))
    return f"{middle:.0f} [{low:.0f} to {high:.0f}]".replace("inf", "never")


def print_costs(methods: Sequence[str]) -> None:
    """Print the milliseconds of one proposal, by the number of trials before it."""
    bowl = FUNCTIONS["bowl"]
    print(f"\n{'ms per proposal after':<24} {'  '.join(f'{count:>6} trials' for count in KNOWN_TRIALS)}")
    for method in methods:
        cells: list[str] = []
        for count in KNOWN_TRIALS:
            random = make_sampler(spec_of("random", bowl, 0, 2000)).suggest(count, Known())
            known = Known(Evaluation(each, Status.COMPLETE, bowl.height(each.params)) for each in random)
            sampler = make_sampler(spec_of(method, bowl, 0, 2000))
            sampler.suggest(1, known)  # what is loaded on first use
            began_s = time.perf_counter()
            proposals = sampler.suggest(8, known)
            cells.append(f"{1000 * (time.perf_counter() - began_s) / len(proposals):>13.1f}")
        print(f"{method:<24} {'  '.join(cells)}")


if __name__ == "__main__":
    main()
