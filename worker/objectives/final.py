"""The final evaluation of what a search chose: trained on training plus validation, measured once on the test part."""

from dataclasses import asdict, replace
from math import nan

import torch

from hyperspool.common.errors import UnableError
from hyperspool.common.records import EpochRecord
from hyperspool.worker.objectives.datasets import dataset_of
from hyperspool.worker.objectives.network import device_of, params_of, to_bytes, train
from hyperspool.worker.objectives.trial import Measured, Trial
from hyperspool.worker.training.data import Dataset, Part, load_test_part
from hyperspool.worker.training.ensemble import evaluate_together
from hyperspool.worker.training.images import DataMissingError
from hyperspool.worker.training.params import TrainingParams
from hyperspool.worker.training.trainer import Epoch
from hyperspool.worker.training.validation import evaluate


def evaluate_final(trial: Trial, params_type: type[TrainingParams]) -> Measured:
    """Train for the whole budget on the training and the validation part, then read the test part.

    The value is the test error of the network after the last epoch; with `snapshots` that of the ensemble, by which the
    search compared. The metrics tell how many images were trained on, how many test images there are, how many of them
    are misclassified, the loss, and of how many networks an ensemble is. Nothing is decided by data that are trained
    on: training does not stop early.

    What was trained is saved before the test part is read, so an attempt that is killed in between is followed by
    one that reads the same answer off the same network or networks.

    Raises:
        TrialStopped: on request, with everything saved.
        UnableError: the data set is not here.
        ValueError: params that contradict each other, or that the data set or the budget does not allow.
    """
    device = device_of(trial)
    params = replace(params_of(trial, params_type), patience=0)
    trainer = train(trial, params, _together(dataset_of(trial, device)), device, _told)
    if trainer.is_diverged:
        return Measured(trainer.data.chance_error, is_diverged=True)
    trial.save(to_bytes(trainer.state_dict()))
    test = _test_part(trial, device)
    networks = trainer.ensemble.networks if trainer.ensemble else []
    if networks:
        model = to_bytes(networks)
        loss, error = evaluate_together(trainer.model, networks, test, device)
    else:
        model = to_bytes({name: weight.cpu().contiguous() for name, weight in trainer.model.state_dict().items()})
        loss, error = evaluate(trainer.model, test, device)
    metrics = {
        "training_examples": float(len(trainer.data.training)),
        "test_examples": float(len(test)),
        "test_errors": float(round(error * len(test))),
        "test_loss": loss,
    }
    metrics |= {"snapshots": float(len(networks))} if networks else {}
    return Measured(error, metrics=metrics, model=model)


def _together(data: Dataset) -> Dataset:
    images = torch.cat([data.training.images, data.validation.images])
    labels = torch.cat([data.training.labels, data.validation.labels])
    training = Part(images, labels).to(images.device)  # joining may have changed how the images lie
    # What it validates on is trained on here. That tells whether training diverged, and nothing else.
    return replace(data, training=training)


def _told(epoch: Epoch) -> EpochRecord:
    return EpochRecord(**(asdict(epoch) | {"validation_loss": nan, "validation_error": nan}))


def _test_part(trial: Trial, device: torch.device) -> Part:
    name = trial.data[0] if trial.data else "digits"
    try:
        return load_test_part(name, trial.data_folder).to(device)
    except DataMissingError as error:
        raise UnableError(str(error)) from error
