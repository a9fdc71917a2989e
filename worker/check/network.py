"""Makes a built-in network and its data, and hands them to the checks. Imports torch only when it is called."""

import os
from collections.abc import Iterator
from pathlib import Path

from hyperspool.common.errors import UnableError, UsageError
from hyperspool.common.space import Params
from hyperspool.worker.check.result import CheckResult
from hyperspool.worker.device import Device
from hyperspool.worker.training.params import NETWORKS


def check_network(
    name: str, params: Params, dataset: str, data_folder: Path, device: Device, seed: int
) -> Iterator[CheckResult]:
    """Run every check of a network.

    Args:
        name: of the built-in objective.
        params: of the network, as `parse_params` returns them.
        dataset: on which it is trained.
        data_folder: the folder of data sets.
        device: where to compute.
        seed: of everything random.

    Raises:
        UnableError: the data set is not on this machine.
        UsageError: the params contradict each other or do not suit the data set, or the data set is unknown.
    """
    os.environ["CUDA_VISIBLE_DEVICES"] = device.visible  # read when CUDA starts, which is below
    from hyperspool.worker.check.training import check_training
    from hyperspool.worker.training.data import load_dataset
    from hyperspool.worker.training.images import DataMissingError
    from hyperspool.worker.training.runtime import configure

    computing = configure(device.in_child, threads=1)
    try:
        wanted = NETWORKS[name](**params)  # type: ignore[arg-type]  # parse_params has checked them
        data = load_dataset(dataset, data_folder).to(computing)
    except DataMissingError as error:
        raise UnableError(str(error)) from error
    except ValueError as error:  # params that contradict each other, or an unknown data set
        raise UsageError(str(error)) from error
    if wanted.batch_size > len(data.training):
        raise UsageError(f"batch_size is {wanted.batch_size}, but {dataset} has {len(data.training)} training examples")
    return check_training(data, wanted, seed, computing)
