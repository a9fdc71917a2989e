"""The objectives `cnn` and `mlp`: train a network and measure its validation error after the last epoch."""

import io
import logging
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import torch

from hyperspool.common.epochs import EpochRecord
from hyperspool.common.errors import UnableError
from hyperspool.worker.objectives.datasets import dataset_of
from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.trial import Trial, TrialStopped
from hyperspool.worker.training.captured import give_up_captures
from hyperspool.worker.training.data import Dataset
from hyperspool.worker.training.params import TrainingParams, TrainingSeeds
from hyperspool.worker.training.runtime import configure
from hyperspool.worker.training.trainer import Epoch, Trainer

logger = logging.getLogger(__name__)


def evaluate_network(trial: Trial, params_type: type[TrainingParams]) -> Measured:
    """Train for the trial's epochs, from a checkpoint if there is one; end early when the loss is no longer finite.

    The value is the validation error after the last epoch. With `snapshots` it is that of the ensemble, and the last
    network's own error is among the metrics. The value and the metrics, such as that training stopped early, do not
    depend on how often it was interrupted.

    Raises:
        TrialStopped: on request, with everything saved.
        UnableError: the data set is not here.
        ValueError: the params contradict each other, or the data set or the budget does not allow them.
    """
    device = device_of(trial)
    return _measured(train(trial, params_of(trial, params_type), dataset_of(trial, device), device))


def device_of(trial: Trial) -> torch.device:
    """Set the trial's device up for repeatable training and return it.

    Raises:
        UnableError: there is no such device.
    """
    try:
        return configure(trial.device, trial.threads)
    except ValueError as error:  # a GPU that has disappeared since the worker started
        raise UnableError(str(error)) from error


def params_of(trial: Trial, params_type: type[TrainingParams]) -> TrainingParams:
    """Return the trial's params as training takes them.

    Raises:
        ValueError: the params contradict each other.
    """
    given = {name: value for name, value in trial.params.items() if name != "varies"}
    return params_type(**given)  # type: ignore[arg-type]  # the study's space was checked against the objective's


def train(
    trial: Trial,
    params: TrainingParams,
    data: Dataset,
    device: torch.device,
    record_of: Callable[[Epoch], EpochRecord] = lambda epoch: EpochRecord.of(**asdict(epoch)),
) -> Trainer:
    """Train to the end of the budget, from a checkpoint if there is one. Schedules span the horizon.

    Args:
        trial: gives the budget, the seeds and the checkpoints.
        params: hyperparameters.
        data: on `device`.
        device: from `device_of`.
        record_of: makes an epoch's line of the trial's curve.

    Raises:
        TrialStopped: on request, with everything saved.
        ValueError: the data set or the budget does not allow the params.
    """
    try:
        return _train(trial, params, data, device, record_of)
    except torch.OutOfMemoryError:
        give_up_captures()
        raise


def _train(
    trial: Trial,
    params: TrainingParams,
    data: Dataset,
    device: torch.device,
    record_of: Callable[[Epoch], EpochRecord],
) -> Trainer:
    seeds = TrainingSeeds(**asdict(trial.seeds))
    make = partial(Trainer, data, params, seeds, device, trial.horizon, keeps_networks=trial.is_final)
    trainer = _restored(trial, make) or make()
    trial.begin([record_of(epoch) for epoch in trainer.curve])
    while not _is_over(trainer, trial.epochs):
        epoch = trainer.run_epoch(trial.should_stop)
        if epoch is None:
            trial.keep(to_bytes(trainer.state_dict()))
            raise TrialStopped
        # After the last epoch the result follows, and nobody goes on from here, unless the trial can be promoted.
        if not _is_over(trainer, trial.epochs) or trial.horizon > trial.epochs:
            trial.keep(to_bytes(trainer.state_dict()))
        trial.report_epoch(record_of(epoch))
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


def _restored(trial: Trial, make: Callable[[], Trainer]) -> Trainer | None:
    for payload in trial.saved():
        trainer = make()
        try:
            # weights_only, because a checkpoint lies in the shared folder, where anyone may write.
            trainer.load_state_dict(torch.load(io.BytesIO(payload), weights_only=True, map_location="cpu"))
        except Exception as error:  # noqa: BLE001 - a foreign checkpoint may raise anything; the trial starts over
            logger.warning("a checkpoint is not used: %s", error)
            continue
        return trainer
    return None


def to_bytes(state: dict[str, Any] | list[dict[str, Any]]) -> bytes:
    """Serialise tensors, numbers, texts, lists and dicts for `torch.load(..., weights_only=True)`."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()
