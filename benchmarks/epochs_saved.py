"""Measures how many epochs a search with rungs needs, on the recorded table of real trials.

    python -m benchmarks.epochs_saved [--seeds 30] [--trials 200] [--batch 8]

It prints after how many epochs a search is as good as the median best of 100 random trials of the whole budget: the
median over the seeds, and in brackets the middle 80 %; and what share that is of the epochs of 100 random trials, which
random search takes in the median by the goal's definition. A trial that goes on costs only its further epochs.
Evaluations are counted in the order of their batches, as one worker would do them.
"""

import argparse
import math
import statistics
from itertools import accumulate
from typing import Any

import optuna

from benchmarks.recorded import Recorded
from hyperspool.common.records import Status
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.known import Evaluation, Known
from hyperspool.master.search.methods import make_sampler

SEARCHES: dict[str, dict[str, Any]] = {
    "random": {},
    "tpe": {"sampler": {"name": "tpe"}},
    "successive halving": {"halving": {"name": "successive"}},
    "ASHA": {"halving": {"name": "asha"}},
    "ASHA from 3 epochs": {"halving": {"name": "asha", "min_epochs": 3}},
    "Hyperband": {"halving": {"name": "hyperband"}},
    "ASHA, tpe": {"halving": {"name": "asha"}, "sampler": {"name": "tpe"}},
    "ASHA from 3 epochs, tpe": {"halving": {"name": "asha", "min_epochs": 3}, "sampler": {"name": "tpe"}},
    "Hyperband, tpe (BOHB)": {"halving": {"name": "hyperband"}, "sampler": {"name": "tpe"}},
}
RANDOM_TRIALS, RANDOM_SEEDS = 100, 200


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--batch", type=int, default=8)
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    table = Recorded()
    print(f"{len(table.errors)} recorded trials of {table.epochs} epochs")
    for name, truth in zip(("the surrogate", "the nearest trial"), table.truth(), strict=True):
        print(f"{name}: rank correlation {truth.rank_correlation:.2f}, median error {truth.median_error:.4f}")
    goal = random_goal(table)
    print(f"the best of {RANDOM_TRIALS} random trials is {goal:.4f} in the median")
    print(f"\n{'search':<24}{'epochs to reach it':>28}{'of random':>12}")
    random_epochs = RANDOM_TRIALS * table.epochs
    for name, settings in SEARCHES.items():
        spent = sorted(epochs_to(table, settings, seed, goal, options) for seed in range(options.seeds))
        middle = statistics.median(spent)
        low, high = (spent[round(share * (len(spent) - 1))] for share in (0.1, 0.9))
        shown = f"{middle:.0f} [{low:.0f} to {high:.0f}]".replace("inf", "never")
        share = f"{middle / random_epochs:.0%}" if math.isfinite(middle) else "-"
        print(f"{name:<24}{shown:>28}{share:>12}")


def random_goal(table: Recorded) -> float:
    """The median, over many seeds, of the best of 100 random trials."""
    bests: list[float] = []
    for seed in range(RANDOM_SEEDS):
        proposals = make_sampler(spec_of(table, {}, 10_000 + seed, RANDOM_TRIALS)).suggest(RANDOM_TRIALS, Known())
        bests.append(float(table.answers([proposal.params for proposal in proposals])[:, -1].min()))
    return statistics.median(bests)


def epochs_to(table: Recorded, settings: dict[str, Any], seed: int, goal: float, options: argparse.Namespace) -> float:
    """Play a search; return the epochs that it took until a trial at the whole budget reached the goal."""
    spec = spec_of(table, settings, seed, options.trials)
    sampler, known = make_sampler(spec), Known()
    costs: list[int] = []
    while proposals := sampler.suggest(options.batch, known):
        answers = table.answers([proposal.params for proposal in proposals])
        for proposal, answer in zip(proposals, answers, strict=True):
            epochs = proposal.budget_epochs or table.epochs
            below = (
                known.evaluations.get((proposal.trial, proposal.continues)) if proposal.continues is not None else None
            )
            costs.append(epochs - ((below.proposal.budget_epochs or 0) if below else 0))
            error = float(answer[epochs - 1])
            if epochs == table.epochs and error <= goal:
                return list(accumulate(costs))[-1]
            known.finish(Evaluation(proposal, Status.COMPLETE, error))
    return math.inf


def spec_of(table: Recorded, settings: dict[str, Any], seed: int, trials: int) -> StudySpec:
    """The study of a search."""
    study: dict[str, Any] = {
        "name": "saved",
        "trials": trials,
        "seed": seed,
        "objective": {"name": "error"},
        "budget": {"epochs": table.epochs},
        "space": table.space,
    }
    return StudySpec.model_validate(study | settings)


if __name__ == "__main__":
    main()
