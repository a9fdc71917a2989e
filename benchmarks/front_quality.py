"""Measures how near to the best front each search method comes, on problems whose front is known.

    python -m benchmarks.front_quality [--seeds 20] [--trials 100] [--batch 8] [--methods random,tpe,nsga2]

For each problem it prints the hypervolume as a share of that of the best front, after 50 and 100 evaluations: the
median over the seeds, and in brackets the middle 80 %. Then it prints the milliseconds of one proposal after 100 and
1,000 trials.
"""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hyperspool.common.records import Status
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.front import Point, hypervolume, study_front
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.methods import make_sampler

METHODS = ("random", "qmc", "tpe", "nsga2", "nsga3")
AFTER = (50, 100)
KNOWN_TRIALS = (100, 1000)
DENSE = 2000
"""Points of the best front, which stand for all of it."""
UNITS: dict[str, Any] = {name: {"type": "float", "low": 0.0, "high": 1.0} for name in ("a", "b", "c", "d")}


@dataclass(frozen=True)
class Problem:
    """Two objectives to minimise.

    Attributes:
        measure: of a point: the two objectives.
        best: a point of the best front, for each share from 0 to 1.
        reference: of the hypervolume.
        least_a: the constraint: `a` must not be lower.
    """

    measure: Callable[[Params], Point]
    best: Callable[[float], Point]
    reference: Point
    least_a: float = 0.0


def _convex(params: Params) -> Point:
    # After ZDT1 of Zitzler, Deb and Thiele 2000, Comparison of Multiobjective Evolutionary Algorithms.
    first, *rest = (float(params[name]) for name in UNITS)
    height = 1 + 3 * sum(rest)
    return first, height * (1 - math.sqrt(first / height))


PROBLEMS = {
    "convex: four numbers": Problem(_convex, lambda share: (share, 1 - math.sqrt(share)), (1.1, 10.0)),
    "the same, within a limit": Problem(
        _convex, lambda share: (0.7 + 0.3 * share, 1 - math.sqrt(0.7 + 0.3 * share)), (1.1, 10.0), least_a=0.7
    ),
}


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--methods", default=",".join(METHODS))
    options = parser.parse_args()
    methods = options.methods.split(",")
    for name, problem in PROBLEMS.items():
        whole = hypervolume((problem.best(place / DENSE) for place in range(DENSE + 1)), problem.reference)
        headings = [f"after {count}" for count in AFTER]
        print(f"\n{name}\n{'method':<8} {'  '.join(f'{heading:>22}' for heading in headings)}")
        for method in methods:
            found = [shares(method, problem, whole, seed, options) for seed in range(options.seeds)]
            print(f"{method:<8} {'  '.join(f'{spread(column):>22}' for column in zip(*found, strict=True))}")
    print(f"\n{'ms per proposal after':<22} {'  '.join(f'{count:>6} trials' for count in KNOWN_TRIALS)}")
    for method in methods:
        print(f"{method:<22} {'  '.join(f'{cost_ms(method, count):>13.1f}' for count in KNOWN_TRIALS)}")


def shares(method: str, problem: Problem, whole: float, seed: int, options: argparse.Namespace) -> list[float]:
    """Play a study in batches; return the hypervolume after each number of `AFTER`, as a share of the best."""
    spec = spec_of(method, seed, options.trials)
    sampler, known = make_sampler(spec), Known()
    while left := options.trials - known.next_trial:
        for proposal in sampler.suggest(min(options.batch, left), known):
            known.finish(evaluated(problem, proposal))
    points = study_front(spec, known.finished()).points
    firsts = ([point for point in points[:count] if point] for count in AFTER)
    return [hypervolume(each, problem.reference) / whole for each in firsts]


def evaluated(problem: Problem, proposal: Proposal) -> Evaluation:
    """The evaluation of a proposal."""
    values = problem.measure(proposal.params)
    violations = (problem.least_a - float(proposal.params["a"]),)
    return Evaluation(proposal, Status.COMPLETE, values[0], measured=values, violations=violations)


def spec_of(method: str, seed: int, trials: int) -> StudySpec:
    """The study of a method."""
    table = {"name": "quality", "trials": trials, "seed": seed, "objective": {"name": "height"}, "space": UNITS}
    goals = [{"measure": "first"}, {"measure": "second"}]
    asked = {"objectives": goals, "constraints": ["a >= 0"], "sampler": {"name": method}}
    return StudySpec.model_validate(table | asked)


def spread(found: Sequence[float]) -> str:
    """The median, and the middle 80 %."""
    ordered = sorted(found)
    low, middle, high = (ordered[round(share * (len(ordered) - 1))] for share in (0.1, 0.5, 0.9))
    return f"{middle:.3f} [{low:.3f} to {high:.3f}]"


def cost_ms(method: str, count: int) -> float:
    """The time of a proposal after a number of trials, in milliseconds."""
    problem = next(iter(PROBLEMS.values()))
    random = make_sampler(spec_of("random", 0, 2000)).suggest(count, Known())
    known = Known(evaluated(problem, proposal) for proposal in random)
    sampler = make_sampler(spec_of(method, 0, 2000))
    sampler.suggest(1, known)  # what is loaded on first use
    began_s = time.perf_counter()
    proposals = sampler.suggest(8, known)
    return 1000 * (time.perf_counter() - began_s) / len(proposals)


if __name__ == "__main__":
    main()
