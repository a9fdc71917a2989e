"""What the objectives that train a network have in common: they differ in the network alone."""

import io
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from hyperspool.common.errors import UnableError
from hyperspool.common.records import EpochRecord
from hyperspool.worker.objectives.datasets import dataset_of
from hyperspool.worker.objectives.trial import Measured, Trial, TrialStopped
from hyperspool.worker.training.data import Dataset
from hyperspool.worker.training.params import TrainingParams, TrainingSeeds
from hyperspool.worker.training.runtime import configure
from hyperspool.worker.training.trainer import Epoch, Trainer


def evaluate_network(trial: Trial, params_type: type[TrainingParams]) -> Measured:
    """Train for the trial's epochs, from a checkpoint if there is one; stop early if the loss is no number any more.

    The value is the validation error after the last epoch; with `snapshots` that of the ensemble, beside which the
    metrics tell that of the last network alone. What a checkpoint brought along and what training says of itself, such
    as that it was stopped early, does not depend on how often it was interrupted.

    Raises:
        TrialStopped: on request, with everything saved.
        UnableError: the data set is not here.
        ValueError: params that contradict each other, or that the data set or the budget does not allow.
    """
    device = device_of(trial)
    return _measured(train(trial, params_of(trial, params_type), dataset_of(trial, device), device))


def device_of(trial: Trial) -> torch.device:
    """The trial's device, set up for repeatable training.

    Raises:
        UnableError: it is not there.
    """
    try:
        return configure(trial.device, trial.threads)
    except ValueError as error:  # a GPU that was there when the worker started
        raise UnableError(str(error)) from error


def params_of(trial: Trial, params_type: type[TrainingParams]) -> TrainingParams:
    """The trial's params as training takes them.

    Raises:
        ValueError: they contradict each other.
    """
    given = {name: value for name, value in trial.params.items() if name != "varies"}
    return params_type(**given)  # type: ignore[arg-type]  # the study's space was checked against the objective's


def train(
    trial: Trial,
    params: TrainingParams,
    data: Dataset,
    device: torch.device,
    told: Callable[[Epoch], EpochRecord] = lambda epoch: EpochRecord(**asdict(epoch)),
) -> Trainer:
    """Train to the end of the budget, from a checkpoint if there is one.

    Args:
        trial: whose budget, seeds and checkpoints.
        params: hyperparameters.
        data: on `device`.
        device: as `device_of` gives it.
        told: an epoch's line of the trial's curve.

    Raises:
        TrialStopped: on request, with everything saved.
        ValueError: params that the data set or the budget does not allow.
    """
    trainer = _restored(trial, params, data, device) or _new_trainer(trial, params, data, device)
    trial.begin([told(epoch) for epoch in trainer.curve])
    while not _is_over(trainer, trial.epochs):
        epoch = trainer.run_epoch(trial.should_stop)
        if epoch is None:
            trial.save(to_bytes(trainer.state_dict()))
            raise TrialStopped
        if not _is_over(trainer, trial.epochs):  # the last epoch is followed by the result
            trial.save(to_bytes(trainer.state_dict()))
        trial.report_epoch(told(epoch))
    return trainer


def _is_over(trainer: Trainer, epochs: int) -> bool:
    return len(trainer.curve) >= epochs or trainer.is_diverged or trainer.is_stopped_early


def _measured(trainer: Trainer) -> Measured:
    error = trainer.curve[-1].validation_error
    if trainer.is_diverged:
        return Measured(error, is_diverged=True)
    metrics: dict[str, float] = {"stopped_early": 1.0} if trainer.is_stopped_early else {}
    if trainer.ensemble is None:
        return Measured(error, metrics=metrics)
    together = trainer.ensemble.error if trainer.ensemble.error is not None else error
    metrics |= {"ensemble_error": together, "single_error": error, "snapshots": float(trainer.ensemble.members)}
    return Measured(together, metrics=metrics)


def _new_trainer(trial: Trial, params: TrainingParams, data: Dataset, device: torch.device) -> Trainer:
    seeds = TrainingSeeds(**trial.seeds.model_dump())
    return Trainer(data, params, seeds, device, trial.epochs, keeps_networks=trial.is_final)


def _restored(trial: Trial, params: TrainingParams, data: Dataset, device: torch.device) -> Trainer | None:
    for payload in trial.saved():
        trainer = _new_trainer(trial, params, data, device)
        try:
            # weights_only: a checkpoint lies in the shared folder, where anyone may have written it.
            trainer.load_state_dict(torch.load(io.BytesIO(payload), weights_only=True, map_location="cpu"))
        except Exception:  # noqa: BLE001, S112 - whatever a foreign checkpoint breaks, the trial begins anew
            continue
        return trainer
    return None


def to_bytes(state: dict[str, Any] | list[dict[str, Any]]) -> bytes:
    """What `torch.load(..., weights_only=True)` reads again: of tensors, numbers, texts, lists and dicts."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()
