"""The checks of a network's training: gradients, first loss, overfitting, repeatability. Imports torch."""

import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional

from hyperspool.worker.check.result import CheckResult
from hyperspool.worker.training.data import Dataset
from hyperspool.worker.training.gradient_check import TOLERANCE, GradientErrors, check_gradients
from hyperspool.worker.training.initialisation import initialise
from hyperspool.worker.training.model import make_model
from hyperspool.worker.training.params import TrainingParams, TrainingSeeds
from hyperspool.worker.training.trainer import Trainer

GRADIENT_IMAGES = 4
"""Few images cross few kinks and make an evaluation quick."""
ENTRIES = 8
"""How many entries of each layer's weights, and of its biases, have their gradients compared."""
FIRST_LOSS_SLACK = 0.1
SMALL_SIGMA = 0.001
"""With weights this small the outputs are nearly equal, whatever the layers between normalise."""
OVERFITTED = 100
"""Images that a network must be able to learn by heart."""
OVERFITTED_BATCH = 20
OVERFITTED_LOSS = 0.01
OVERFITTING_EPOCHS = 400
SAME_LOSSES = 10


def check_training(data: Dataset, params: TrainingParams, seed: int, device: torch.device) -> Iterator[CheckResult]:
    """Run one check after another, the quickest first.

    Args:
        data: on `device`.
        params: the network, and how it is trained, in mini-batches no larger than the training part.
        seed: of everything random.
        device: where to compute.
    """
    seeds = TrainingSeeds(seed, seed, seed)
    yield _check_first_loss(data, params, seed, device)
    yield _check_repeatability(data, params, seeds, device)
    few = data.training.first(GRADIENT_IMAGES)
    model = _network(_plain(params), data, seed, device)
    yield from map(_judge_gradient, check_gradients(model, few.images, few.labels, ENTRIES, seed))
    yield _check_overfitting(data, params, seeds, device)


def _judge_gradient(found: GradientErrors) -> CheckResult:
    message = (
        f"relative error mean {found.mean:.1e}, max {found.largest:.1e} (expected at most {TOLERANCE:.0e}) "
        f"over {len(found.errors)} of {found.size} entries"
    )
    if found.crossing:
        message += f"; {found.crossing} more lie too near a kink to be compared"
    if not found.is_right:
        message += ". Look at the backward pass of this layer and of those after it"
    return CheckResult(f"gradient of {found.name}", found.is_right, message)


def _check_first_loss(data: Dataset, params: TrainingParams, seed: int, device: torch.device) -> CheckResult:
    plain = _plain(params)
    small = _loss(_network(replace(plain, initialisation="normal", sigma=SMALL_SIGMA), data, seed, device), data)
    own = _loss(_network(plain, data, seed, device), data)
    expected = math.log(data.classes)  # the loss of outputs that are all alike
    is_passed = abs(small - expected) <= FIRST_LOSS_SLACK * expected
    message = (
        f"{small:.3f} with small weights, expected ln({data.classes}) = {expected:.3f} within {FIRST_LOSS_SLACK:.0%}; "
        f"{own:.3f} with weights by {params.initialisation}"
    )
    if not is_passed:
        message += ". Look at the loss, at the last layer and at the labels"
    return CheckResult("first loss", is_passed, message)


def _check_overfitting(
    data: Dataset, params: TrainingParams, seeds: TrainingSeeds, device: torch.device
) -> CheckResult:
    few = replace(data, training=data.training.first(OVERFITTED), validation=data.validation.first(1))
    size = min(OVERFITTED_BATCH, len(few.training))
    trainer = Trainer(few, replace(_plain(params), batch_size=size), seeds, device)
    while not trainer.is_diverged and len(trainer.curve) < OVERFITTING_EPOCHS:
        trainer.run_epoch(lambda: False)
        if trainer.curve[-1].training_loss < OVERFITTED_LOSS:
            break
    loss = trainer.curve[-1].training_loss
    is_passed = loss < OVERFITTED_LOSS
    message = (
        f"training loss {loss:.3g} on {len(few.training)} images after {len(trainer.curve)} epochs in mini-batches of "
        f"{size}, expected under {OVERFITTED_LOSS:g} within {OVERFITTING_EPOCHS}"
    )
    if not is_passed:
        message += (
            f". Try another learning_rate (it is {params.learning_rate:g}), then look at the network and the update"
        )
    return CheckResult("overfits a few images", is_passed, message)


def _check_repeatability(
    data: Dataset, params: TrainingParams, seeds: TrainingSeeds, device: torch.device
) -> CheckResult:
    first, second = (_losses(data, params, seeds, device) for _ in range(2))
    differing = next((place for place, pair in enumerate(zip(first, second, strict=True), 1) if pair[0] != pair[1]), 0)
    message = f"the first {len(first)} agree to the last bit"
    if differing:
        message = (
            f"loss {differing} is {first[differing - 1]}, and {second[differing - 1]} the second time. "
            "Look for code that draws from a generator without a seed, or sums in an order that changes"
        )
    return CheckResult("same seed, same losses", not differing, message)


def _losses(data: Dataset, params: TrainingParams, seeds: TrainingSeeds, device: torch.device) -> list[str]:
    """The losses of the first updates to the last digit, with dropout and augmentation if the params have them."""
    # In an epoch of one mini-batch the epoch's training loss is that mini-batch's loss.
    one = replace(data, training=data.training.first(params.batch_size), validation=data.validation.first(1))
    trainer = Trainer(one, replace(params, schedule="constant", snapshots=False, patience=0), seeds, device)
    while not trainer.is_diverged and len(trainer.curve) < SAME_LOSSES:
        trainer.run_epoch(lambda: False)
    return [repr(epoch.training_loss) for epoch in trainer.curve]


def _network(params: TrainingParams, data: Dataset, seed: int, device: torch.device) -> nn.Module:
    model = make_model(params, data.image_shape, data.classes)
    initialise(model, seed, params.initialisation, params.sigma)
    return model.to(device)


@torch.no_grad()
def _loss(model: nn.Module, data: Dataset) -> float:
    some = data.training.first(OVERFITTED)
    return float(functional.cross_entropy(model.train()(some.images), some.labels))


def _plain(params: TrainingParams) -> TrainingParams:
    """The same network, trained at one rate without anything that works against overfitting."""
    return replace(
        params,
        schedule="constant",
        l2=0.0,
        weight_decay=0.0,
        keep_input=1.0,
        keep_hidden=1.0,
        augmentation=False,
        snapshots=False,
        patience=0,
    )
