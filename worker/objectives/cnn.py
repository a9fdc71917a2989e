"""The objective `cnn`: trains the CNN and measures its validation error after the last epoch."""

import io
import logging
from dataclasses import asdict
from typing import Any

import torch

from common.errors import UnableError
from common.locks import waiting_for
from common.records import EpochRecord
from worker.objectives.trial import Measured, Trial, TrialStopped
from worker.training.data import Dataset, load_dataset
from worker.training.images import DataMissingError, download
from worker.training.runtime import configure
from worker.training.trainer import CnnParams, Trainer, TrainingSeeds

logger = logging.getLogger(__name__)

_on_device: dict[tuple[str, int | None, str], Dataset] = {}


def evaluate_cnn(trial: Trial) -> Measured:
    """Train for the trial's epochs, from a checkpoint if there is one; stop early if the loss is no number any more.

    Raises:
        TrialStopped: on request, with everything saved.
        UnableError: the data set is not here.
        ValueError: params that the data set does not allow.
    """
    try:
        device = configure(trial.device, trial.threads)
    except ValueError as error:  # a GPU that was there when the worker started
        raise UnableError(str(error)) from error
    data = _dataset(trial, device)
    trainer = _restored(trial, data, device) or _new_trainer(trial, data, device)
    trial.begin([EpochRecord(**asdict(epoch)) for epoch in trainer.curve])
    while len(trainer.curve) < trial.epochs and not trainer.is_diverged:
        epoch = trainer.run_epoch(trial.should_stop)
        if epoch is None:
            trial.save(_to_bytes(trainer))
            raise TrialStopped
        if len(trainer.curve) < trial.epochs:  # the last epoch is followed by the result
            trial.save(_to_bytes(trainer))
        trial.report_epoch(EpochRecord(**asdict(epoch)))
    return Measured(trainer.curve[-1].validation_error, trainer.is_diverged)


def _new_trainer(trial: Trial, data: Dataset, device: torch.device) -> Trainer:
    params: dict[str, Any] = {name: value for name, value in trial.params.items() if name != "varies"}
    seeds = TrainingSeeds(**trial.seeds.model_dump())
    return Trainer(data, CnnParams(**params), seeds, device)


def _restored(trial: Trial, data: Dataset, device: torch.device) -> Trainer | None:
    for payload in trial.saved():
        trainer = _new_trainer(trial, data, device)
        try:
            # weights_only: a checkpoint lies in the shared folder, where anyone may have written it.
            trainer.load_state_dict(torch.load(io.BytesIO(payload), weights_only=True, map_location="cpu"))
        except Exception:  # noqa: BLE001, S112 - whatever a foreign checkpoint breaks, the trial begins anew
            continue
        return trainer
    return None


def _to_bytes(trainer: Trainer) -> bytes:
    buffer = io.BytesIO()
    torch.save(trainer.state_dict(), buffer)
    return buffer.getvalue()


def _dataset(trial: Trial, device: torch.device) -> Dataset:
    name, train_size = trial.data or ("digits", None)
    key = (name, train_size, str(device))
    if key not in _on_device:
        try:
            data = load_dataset(name, trial.data_folder, train_size) if name == "digits" else _fetched(trial)
        except DataMissingError as error:
            raise UnableError(str(error)) from error
        _on_device[key] = data.to(device)
    return _on_device[key]


def _fetched(trial: Trial) -> Dataset:
    # RACE: several workers find the data missing at once, or one finds what another is still unpacking. Whoever has the
    # lock looks, and downloads if need be; the others wait, look under the lock, and find the data there.
    name, train_size = trial.data or ("digits", None)
    folder = trial.data_folder
    folder.mkdir(parents=True, exist_ok=True)
    with waiting_for(
        folder / f".{name}.lock", trial.claim, on_wait=lambda: logger.info("waiting for another worker's %s", name)
    ):
        try:
            return load_dataset(name, folder, train_size)
        except DataMissingError:
            logger.info("fetching %s into %s", name, folder)
            download(name, folder)
            return load_dataset(name, folder, train_size)
