"""Compares population-based training with searches of as many epochs, on real trainings of a small network on digits.

    python -m benchmarks.population [--seeds 20] [--epochs 24] [--members 8] [--interval 3] [--network mlp]

Each search trains as many epochs as `members` full trainings. It prints the validation error of the best trial at the
whole budget: the median over the seeds, and in brackets the middle 80 %; and how often the population was better than
that search on the same seed. Trainings run in this process, by the trainer that workers use, and go on from states in
memory. The error is the one that each search selected by.
"""

import argparse
import statistics
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hyperspool.common.records import Status
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.search.known import Evaluation, Known
from hyperspool.master.search.methods import make_sampler
from hyperspool.worker.training.data import Dataset, load_dataset
from hyperspool.worker.training.params import NETWORKS, TrainingSeeds
from hyperspool.worker.training.runtime import configure
from hyperspool.worker.training.trainer import Trainer

SHAPES: dict[str, dict[str, Any]] = {
    "mlp": {"hidden_units": 64, "batch_size": 50},
    "cnn": {"num_filters": 8, "batch_size": 50},
}
SPACE: dict[str, Any] = {
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
    "momentum": {"type": "float", "low": 0.5, "high": 0.99},
    "keep_hidden": {"type": "float", "low": 0.3, "high": 1.0},
    "weight_decay": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True},
}
MANY = 1000
"""More trials than an ASHA of these epochs begins."""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--members", type=int, default=8)
    parser.add_argument("--interval", type=int, default=3)
    parser.add_argument("--network", choices=list(SHAPES), default="mlp")
    options = parser.parse_args()
    configure("cpu", threads=1)
    with tempfile.TemporaryDirectory() as empty:
        data = load_dataset("digits", Path(empty), None)
    found: dict[str, list[float]] = {}
    for schedule in ("constant", "cosine"):
        for name, settings in searches(options).items():
            specs = [spec_of(options, settings, schedule, seed) for seed in range(options.seeds)]
            limit = options.members * options.epochs
            errors = found[f"{name}, {schedule}"] = [best_error(spec, data, limit) for spec in specs]
            low, high = (sorted(errors)[round(share * (len(errors) - 1))] for share in (0.1, 0.9))
            better = sum(own < other for own, other in zip(found[f"pbt, {schedule}"], errors, strict=True))
            print(
                f"{name + ', ' + schedule:<20}{statistics.median(errors):>8.4f} [{low:.4f} to {high:.4f}]"
                f"{better:>6} of {len(errors)}",
                flush=True,
            )


def searches(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """What is compared, by name; the population comes first."""
    population = {"name": "pbt", "population": options.members, "interval": options.interval}
    return {
        "pbt": {"sampler": population},
        "random": {"trials": options.members},
        "ASHA": {"trials": MANY, "halving": {"name": "asha"}},
    }


def spec_of(options: argparse.Namespace, settings: dict[str, Any], schedule: str, seed: int) -> StudySpec:
    """The study of a search."""
    fixed = SHAPES[options.network] | {"schedule": schedule}
    space = SPACE | {name: {"type": "fixed", "value": value} for name, value in fixed.items()}
    study = {
        "name": "compared",
        "seed": seed,
        "objective": {"name": options.network},
        "budget": {"epochs": options.epochs},
        "space": space,
    }
    return StudySpec.model_validate(study | settings)


def best_error(spec: StudySpec, data: Dataset, limit: int) -> float:
    """Play a search until it has trained that many epochs; return the lowest error of a trial at the whole budget."""
    sampler, known, spent = make_sampler(spec), Known(), 0
    states: dict[tuple[int, int], dict[str, Any]] = {}
    errors = [1.0]
    while spent < limit and (proposals := sampler.suggest(1, known)):
        (proposal,) = proposals
        entry = ProposalEntry.of(proposal, spec, 0)
        params = NETWORKS[spec.objective.name](**entry.params)  # type: ignore[arg-type]  # as the study's space has it
        seeds = TrainingSeeds(**asdict(entry.seeds))
        trainer = Trainer(data, params, seeds, data.training.images.device, spec.epochs)
        before = (entry.starts_from, 0) if entry.starts_from is not None else (entry.trial, entry.continues)
        if (state := states.get(before)) is not None:  # type: ignore[arg-type]  # a trial that begins has none
            trainer.load_state_dict(state)
        begun = len(trainer.curve)
        while len(trainer.curve) < entry.budget.epochs and not trainer.is_diverged:
            trainer.run_epoch(lambda: False)
        spent += len(trainer.curve) - begun
        states[entry.key] = trainer.state_dict()
        error = trainer.curve[-1].validation_error
        known.finish(Evaluation(proposal, Status.COMPLETE, error, trainer.is_diverged))
        if entry.budget.epochs == spec.epochs:
            errors.append(error)
    return min(errors)


if __name__ == "__main__":
    main()
