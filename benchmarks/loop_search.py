"""The peers of the whole job: the trials of a study by the loop that people write, alone or under optuna.

    python -m benchmarks.loop_search STUDY.json THREADS [JOURNAL]

Without a journal one process trains all trials, one after the other. With it the process asks optuna's storage in that
file for trials until all are taken; several such processes share them. The params are the same in all cases.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch

from benchmarks.peer import PeerLoop
from hyperspool.worker.training.data import Dataset, load_dataset
from hyperspool.worker.training.params import CnnParams, TrainingSeeds

STUDY = "peer"


def main() -> None:
    """Train, and print the validation error of each trial."""
    study, threads, *journal = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.set_flush_denormal(True)  # few people do, but without it some trials are many times slower
    job = json.loads(Path(study).read_text(encoding="utf-8"))
    data = load_dataset("digits", Path(), job["train_size"])
    if journal:
        ask(job, data, journal[0])
    else:
        for params in job["trials"]:
            print(trained(data, params, job["epochs"]), flush=True)


def trained(data: Dataset, params: dict[str, Any], epochs: int) -> float:
    """Train a trial; return its validation error."""
    loop = PeerLoop(data, CnnParams(**params), TrainingSeeds(1, 2, 3), torch.device("cpu"))
    return [loop.run_epoch()[2] for _ in range(epochs)][-1]


def ask(job: dict[str, Any], data: Dataset, journal: str) -> None:
    """Train what optuna gives, until it has nothing left of the trials that were enqueued."""
    import optuna
    from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    space: dict[str, BaseDistribution] = {
        name: (IntDistribution if isinstance(value, int) else FloatDistribution)(value * 0, 10_000)
        for name, value in job["trials"][0].items()
    }
    storage = JournalStorage(JournalFileBackend(journal))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(storage=storage, study_name=STUDY, load_if_exists=True)
    while (trial := study.ask(space)).number < len(job["trials"]):
        study.tell(trial, trained(data, trial.params, job["epochs"]))


def enqueue(job: dict[str, Any], journal: str) -> None:
    """Make a study of optuna's with all trials of the job."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(storage=JournalStorage(JournalFileBackend(journal)), study_name=STUDY)
    for params in job["trials"]:
        study.enqueue_trial(params)


if __name__ == "__main__":
    main()
