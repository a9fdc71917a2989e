"""Data sets on the device, loaded once for the life of the process, and fetched by one worker for all."""

import logging

import torch

from hyperspool.common.errors import UnableError
from hyperspool.common.locks import waiting_for
from hyperspool.worker.objectives.trial import Trial
from hyperspool.worker.training.data import Dataset, load_dataset
from hyperspool.worker.training.images import DataMissingError, download

logger = logging.getLogger(__name__)

_on_device: dict[tuple[str, int | None, str], Dataset] = {}


def dataset_of(trial: Trial, device: torch.device) -> Dataset:
    """The trial's data set on its device.

    Raises:
        UnableError: it is not here, and could not be fetched.
        ValueError: it is smaller than the study asks for.
    """
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
