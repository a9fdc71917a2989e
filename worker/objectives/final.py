"""The final evaluation of a search's choice: trained on training plus validation, measured once on the test part."""

from dataclasses import asdict, replace
from math import nan

import torch

from hyperspool.common.epochs import EpochRecord
from hyperspool.common.errors import UnableError
from hyperspool.worker.objectives.datasets import dataset_of
from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.network import device_of, params_of, to_bytes, train
from hyperspool.worker.objectives.trial import Trial
from hyperspool.worker.training.data import Dataset, Part, load_test_part
from hyperspool.worker.training.ensemble import evaluate_together
from hyperspool.worker.training.images import DataMissingError
from hyperspool.worker.training.params import TrainingParams
from hyperspool.worker.training.trainer import Epoch
from hyperspool.worker.training.validation import evaluate


def evaluate_final(trial: Trial, params_type: type[TrainingParams]) -> Measured:
    """Train for the whole budget on the training and the validation part, then read the test part.

    The value is the test error of the network after the last epoch. With `snapshots` it is that of the ensemble, by
    which the search compared. The metrics are the number of images trained on, the number of test images and of those
    misclassified, the test loss, and the number of an ensemble's networks. Training does not stop early, because the
    validation part, which would decide that, is trained on.

    The trained network is saved before the test part is read. So when an attempt is killed in between, the next one
    reads the same answer from the same network or networks.

    Raises:
        TrialStopped: on request, with everything saved.
        UnableError: the data set is not here.
        ValueError: the params contradict each other, or the data set or the budget does not allow them.
    """
    device = device_of(trial)
    params = replace(params_of(trial, params_type), patience=0)
    trainer = train(trial, params, _joined(dataset_of(trial, device)), device, _without_validation)
    if trainer.is_diverged:
        return Measured(trainer.data.chance_error, is_diverged=True)
    trial.keep(to_bytes(trainer.state_dict()))
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


def _joined(data: Dataset) -> Dataset:
    images = torch.cat([data.training.images, data.validation.images])
    labels = torch.cat([data.training.labels, data.validation.labels])
    training = Part(images, labels).to(images.device)  # concatenation may have changed the memory layout
    # The validation part stays. Its loss shows only whether training diverged, because it is trained on too.
    return replace(data, training=training)


def _without_validation(epoch: Epoch) -> EpochRecord:
    return EpochRecord.of(**(asdict(epoch) | {"validation_loss": nan, "validation_error": nan}))


def _test_part(trial: Trial, device: torch.device) -> Part:
    name = trial.data[0] if trial.data else "digits"
    try:
        return load_test_part(name, trial.data_folder).to(device)
    except DataMissingError as error:
        raise UnableError(str(error)) from error
