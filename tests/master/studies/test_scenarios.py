"""The effect that each preset demonstrates, on its own data: with fewer epochs, and fewer filters where possible."""

from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
import torch

from hyperspool.common.curve import read_curve
from hyperspool.common.layout import StudyFolder
from hyperspool.common.space import Params
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.studies.preset import load_preset
from hyperspool.worker.training.data import Dataset, load_dataset
from hyperspool.worker.training.params import CnnParams, TrainingSeeds
from hyperspool.worker.training.trainer import Epoch, Trainer
from tests.conftest import MakeStudy
from tests.processes import Processes, results_of

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = torch.device("cpu")
SEEDS = TrainingSeeds(initialisation=1, shuffling=2, dropout=3)
CHANCE = 0.85
"""Guessing misclassifies about nine of ten digits."""


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits", Path())


def settings_of(preset: str, **chosen: Any) -> list[Params]:
    """Return the preset's settings with the chosen values, in its order."""
    spec = load_preset(preset)
    proposals = make_sampler(spec).suggest(spec.trials, Known())[:: spec.replicates]
    return [proposal.params for proposal in proposals if chosen.items() <= proposal.params.items()]


def train(digits: Dataset, params: Params, epochs: int, **changes: Any) -> list[Epoch]:
    trainer = Trainer(digits, CnnParams(**(params | changes)), SEEDS, CPU)
    while len(trainer.curve) < epochs and not trainer.is_diverged:
        trainer.run_epoch(lambda: False)
    return trainer.curve


def test_scenario1_learning_rates_may_be_too_small_or_too_large(digits: Dataset) -> None:
    errors = {
        params["learning_rate"]: train(digits, params, 8, num_filters=8)[-1].validation_error
        for params in settings_of("scenario1")
        if params["learning_rate"] not in {0.02, 0.03}
    }
    assert errors[0.05] < 0.15
    assert errors[0.01] < 0.25
    assert errors[0.001] > errors[0.01] + 0.3
    assert errors[1.0] > CHANCE
    assert errors[2.0] > CHANCE


def test_scenario2_small_mini_batches_learn_most_in_the_longest_epochs(digits: Dataset) -> None:
    settings = {params["batch_size"]: params for params in settings_of("scenario2", learning_rate=0.1)}
    assert list(settings) == [20, 100, 500]
    # In turns, and the fastest epoch of each counts: other load on this machine can only slow an epoch down.
    turns = [{size: train(digits, params, 8) for size, params in settings.items()} for _ in range(3)]
    errors = [curve[-1].validation_error for curve in turns[0].values()]
    assert errors == sorted(errors)
    seconds = {size: min(epoch.seconds for turn in turns for epoch in turn[size]) for size in settings}
    assert max(seconds, key=lambda size: seconds[size]) == 20


def test_scenario3_momentum_helps_where_the_learning_rate_is_too_small(digits: Dataset) -> None:
    settings = settings_of("scenario3", learning_rate=0.001)
    losses = [train(digits, params, 8, num_filters=8)[-1].validation_loss for params in settings]
    assert [params["momentum"] for params in settings] == [0.0, 0.5, 0.9]
    assert losses == sorted(losses, reverse=True)


def test_scenario4_a_filter_or_two_are_too_few(digits: Dataset) -> None:
    errors = {
        count: train(digits, settings_of("scenario4", num_filters=count)[0], 8)[-1].validation_error
        for count in (1, 2, 16)
    }
    assert errors[16] < 0.1
    assert min(errors[1], errors[2]) > 0.2


def test_what_varies_in_the_preset_stochasticity_trains_well(digits: Dataset) -> None:
    params = settings_of("stochasticity", varies="none")[0]
    curve = train(digits, {name: value for name, value in params.items() if name != "varies"}, 8, num_filters=16)
    assert curve[-1].validation_error < 0.1


def test_curves_are_the_same_exactly_where_nothing_varies(root: Path, processes: Processes) -> None:
    (root / "chance.toml").write_text(
        """
        replicates = 2
        objective.name = "cnn"
        data = { name = "digits", train_size = 100 }
        budget.epochs = 2
        sampler.name = "grid"
        space = { varies = ["none", "initialisation", "shuffling", "dropout"], num_filters = 2, batch_size = 20 }
        """
    )
    processes.worker()
    processes.finish(processes.master(root / "chance.toml"))
    folder = StudyFolder(root, "chance")
    results = results_of(folder)
    curves = [
        [epoch.metrics["training_loss"] for epoch in read_curve(folder.curve(trial))] for trial in sorted(results)
    ]
    assert [results[trial].params["varies"] for trial in sorted(results)][::2] == [
        "none",
        "initialisation",
        "shuffling",
        "dropout",
    ]
    assert [curves[first] == curves[first + 1] for first in range(0, 8, 2)] == [True, False, False, False]


def test_second_run_finds_a_grid_with_replicates_finished(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("square", batch=4, more="replicates = 2\nsampler.name = 'grid'")
    text = study.read_text().replace("trials = 4\n", "")
    study.write_text(text.replace('space.x = { type = "float", low = 0, high = 1 }', "space.x = [0.1, 0.3, 0.9]"))
    processes.worker(objective="square")
    printed = processes.finish(processes.master(study))
    folder = StudyFolder(root, "demo")
    results = results_of(folder)
    assert [results[trial].params["x"] for trial in range(6)] == [0.1, 0.1, 0.3, 0.3, 0.9, 0.9]
    assert len({astuple(result.seeds) for result in results.values()}) == 6
    assert "6 trials" in printed
    again = processes.finish(processes.master("demo"))
    assert "study demo is finished: 6 trials" in again
