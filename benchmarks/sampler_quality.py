"""Measures how many evaluations each search method needs, on functions whose shape is known and on real trials.

    python -m benchmarks.sampler_quality [--seeds 30] [--trials 100] [--methods tpe,gp] [--functions digits]
        [--workers 8] [--asynchronous] [--to-goal] [--keep FOLDER]

For each function it prints, over the seeds: after how many evaluations a method is as good as the median of 100 random
ones (median, and in brackets the middle 80 %), and how far its best is from the optimum after 20, 50 and 100
evaluations (medians). A row `optuna tpe` is Optuna's own sampler, asked for as many trials at once; below it stands
how often the method of the same name here was sooner, of all pairs of seeds and equal ones by half, with a 95 %
interval: where it holds 50 %, no difference is shown. Then it prints the milliseconds of one proposal after 10, 100 and
1,000 trials. `make bench` compares only how many evaluations are needed; there a search that does not
reach the goal counts as one that reaches it with the next evaluation.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import optuna
from optuna.exceptions import ExperimentalWarning
from threadpoolctl import threadpool_limits

from benchmarks.functions import FUNCTIONS, RANDOM_EVALUATIONS, Function, goal_of, study_of
from benchmarks.harness import Peer, Row, Size
from benchmarks.others import others
from benchmarks.playing import Ours, Searcher, Way, kept, needed, play
from hyperspool.common.records import Status
from hyperspool.master.search.known import Evaluation, Known
from hyperspool.master.search.methods import make_sampler

METHODS = ("random", "qmc", "cmaes", "tpe", "gp", "optuna cmaes", "optuna tpe", "optuna gp")
WITHOUT_LISTS = ("cmaes", "optuna cmaes", "neps")
KNOWN_TRIALS = (10, 100, 1000)
AFTER = (20, 50, 100)
COMPARED = ("cmaes", "tpe")
RESAMPLES = 2000


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--asynchronous", action="store_true", help="Without batches.")
    parser.add_argument("--methods", default=",".join(METHODS), help="Also: smac and neps, if they are installed.")
    parser.add_argument("--functions", default=",".join(FUNCTIONS))
    parser.add_argument("--to-goal", action="store_true", help="End each search when it is as good as random search.")
    parser.add_argument("--keep", type=Path, help="Keep each seed's values in this folder, and go on from there.")
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", ExperimentalWarning)
    methods = options.methods.split(",")
    with threadpool_limits(1):
        for name in options.functions.split(","):
            print_function(name, [one for one in methods if name != "branches" or one not in WITHOUT_LISTS], options)
        print_costs([method for method in methods if method not in others()])


def rows(size: Size) -> Iterator[Row]:
    """The evaluations that methods need, beside Optuna's methods of the same name."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    names = size.of(tiny=("bowl",), daily=("bowl", "digits"), full=tuple(FUNCTIONS))
    seeds, trials = size.of(tiny=1, daily=8, full=30), size.of(tiny=8, daily=100, full=100)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        for name in names:
            function = FUNCTIONS[name]()
            goal = goal_of(function)
            for method in COMPARED if name != "branches" else [each for each in COMPARED if each not in WITHOUT_LISTS]:
                ours, peer = (
                    [
                        min(needed(heights_of(who, function, Way(8), trials, goal, seed), goal), trials + 1)
                        for seed in range(seeds)
                    ]
                    for who in (method, f"optuna {method}")
                )
                yield Row(f"{method} on {name}, to the goal", ours, "evaluations", Peer(f"optuna {method}", peer))


def print_function(name: str, methods: Sequence[str], options: argparse.Namespace) -> None:
    """Play the searches of one function, and print its table."""
    function, way = FUNCTIONS[name](), Way(options.workers, options.asynchronous)
    goal = goal_of(function)
    print(f"\n{name}, {way}: the best of {RANDOM_EVALUATIONS} random evaluations is {goal:.4f} in the median")
    print(f"{'method':<20} {'evaluations to reach it':>26}  {'  '.join(f'best of {n:>3}' for n in AFTER)}", flush=True)
    counts: dict[str, list[float]] = {}
    for method in methods:
        end = goal if options.to_goal else -np.inf
        path = kept_path(options, f"{name}, {method}, {way}") if options.keep else None
        found = kept(path, options.seeds, partial(heights_of, method, function, way, options.trials, end))
        counts[method] = [needed(heights, goal) for heights in found]
        bests = [statistics.median(min(heights[:count]) for heights in found) for count in AFTER]
        shown = "" if options.to_goal else "  ".join(f"{best:>11.5f}" for best in bests)
        print(f"{method:<20} {shown_counts(counts[method]):>26}  {shown}", flush=True)
        if (own := method.removeprefix("optuna ")) != method and own in counts:
            print(f"{'':<4}{own} is sooner: {shown_share(counts[own], counts[method])}", flush=True)


def kept_path(options: argparse.Namespace, name: str) -> Path:
    """The file of a search's heights. Its name says all that they depend on, but for the code and the table."""
    options.keep.mkdir(exist_ok=True)
    end = "to the goal" if options.to_goal else "whole"
    return Path(options.keep, f"{name}, {options.trials} trials, {end}.jsonl")


def heights_of(method: str, function: Function, way: Way, trials: int, goal: float, seed: int) -> list[float]:
    """Play the search of one seed."""
    make = others().get(method)
    searcher: Searcher = make(function, seed, trials) if make else Ours(method, function, seed, trials)
    return play(searcher, function, way, seed, trials, goal)


def shown_counts(counts: Sequence[float]) -> str:
    """The median, and the middle 80 % of the seeds."""
    ordered = sorted(counts)
    low, middle, high = (ordered[round(share * (len(ordered) - 1))] for share in (0.1, 0.5, 0.9))
    return f"{middle:.0f} [{low:.0f} to {high:.0f}]".replace("inf", "never")


def shown_share(own: Sequence[float], other: Sequence[float]) -> str:
    """The share of pairs in which the first needed fewer evaluations, with a 95 % interval of resampled seeds."""
    first, second = np.array(own)[:, None], np.array(other)[None]
    sooner = (first < second) + 0.5 * (first == second)
    generator = np.random.default_rng(0)
    picks = (
        generator.integers(len(own), size=(RESAMPLES, len(own))),
        generator.integers(len(other), size=(RESAMPLES, len(other))),
    )
    shares = [sooner[np.ix_(rows, columns)].mean() for rows, columns in zip(*picks, strict=True)]
    low, high = np.quantile(shares, (0.025, 0.975))
    return f"{sooner.mean():.0%} of pairs ({low:.0%} to {high:.0%})"


def print_costs(methods: Sequence[str]) -> None:
    """Print the milliseconds of one proposal, by the number of trials before it."""
    bowl = FUNCTIONS["bowl"]()
    print(f"\n{'ms per proposal after':<24} {'  '.join(f'{count:>6} trials' for count in KNOWN_TRIALS)}")
    for method in methods:
        cells: list[str] = []
        for count in KNOWN_TRIALS:
            random = make_sampler(study_of(bowl, "random", 0, 2000)).suggest(count, Known())
            heights = bowl.heights([each.params for each in random])
            finished = map(Evaluation, random, [Status.COMPLETE] * count, heights)
            known, sampler = Known(finished), make_sampler(study_of(bowl, method, 0, 2000))
            sampler.suggest(1, known)  # what is loaded on first use
            began_s = time.perf_counter()
            proposals = sampler.suggest(8, known)
            cells.append(f"{1000 * (time.perf_counter() - began_s) / len(proposals):>13.1f}")
        print(f"{method:<24} {'  '.join(cells)}")


if __name__ == "__main__":
    main()
