"""Data sets on the device: loaded once for the life of the process, and downloaded by one worker for all."""

import logging
from pathlib import Path

import torch

from hyperspool.common.errors import UnableError
from hyperspool.common.locks import waiting_for
from hyperspool.worker.objectives.trial import Trial
from hyperspool.worker.training.data import Dataset, load_dataset
from hyperspool.worker.training.images import DataMissingError, download

logger = logging.getLogger(__name__)

_on_device: dict[tuple[str, int | None, str], Dataset] = {}


def dataset_of(trial: Trial, device: torch.device) -> Dataset:
    """Return the trial's data set on its device.

    Raises:
        UnableError: the data set is not here and could not be downloaded.
        ValueError: the data set is smaller than the study asks for.
    """
    name, train_size = trial.data or ("digits", None)
    key = (name, train_size, str(device))
    if key not in _on_device:
        try:
            data = load_dataset(name, trial.data_folder, train_size) if name == "digits" else _load_or_download(trial)
        except DataMissingError as error:
            raise UnableError(str(error)) from error
        _on_device[key] = data.to(device)
    return _on_device[key]


def load_ahead(data: tuple[str, int | None] | None, folder: Path, device: torch.device) -> None:
    """Load a trial's data set for the trials to come, if it is one that is never downloaded.

    Args:
        data: its name and the number of training examples, as of a trial.
        folder: holds data sets.
        device: of the trials.
    """
    name, train_size = data or ("digits", None)
    if name == "digits":
        _on_device[name, train_size, str(device)] = load_dataset(name, folder, train_size).to(device)


def _load_or_download(trial: Trial) -> Dataset:
    # RACE: several workers find the data missing at once, or one worker finds data that another is still unpacking.
    # The worker that holds the lock looks, and downloads if need be. The others wait, look under the lock, and find the
    # data.
    name, train_size = trial.data or ("digits", None)
    folder = trial.data_folder
    folder.mkdir(parents=True, exist_ok=True)
    with waiting_for(
        folder / f".{name}.lock", trial.claim, on_wait=lambda: logger.info("%s: waiting for another worker", name)
    ):
        try:
            return load_dataset(name, folder, train_size)
        except DataMissingError:
            logger.info("%s: downloading into %s", name, folder)
            download(name, folder)
            return load_dataset(name, folder, train_size)
