"""A finished study, written as its master and its workers would leave it: what benchmarks of large studies look at.

The results and curves are invented, because no time depends on them. Every file is there that a finished study has, and
is valid: the study, its journal, for each trial a result and, if the study has epochs, a curve, and the digests.
"""

import math
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from hyperspool.common import atomic
from hyperspool.common.clock import text_of
from hyperspool.common.curve import to_text
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Outcome
from hyperspool.common.records import Attribution, Budget, Result, Stage, Status, Times
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.entries import BatchEntry, ProposalEntry
from hyperspool.master.results.digests import SETTLED_S
from hyperspool.master.results.reading import read_results
from hyperspool.master.run.digesting import Digesting
from hyperspool.master.search.known import Known, Proposal
from hyperspool.master.search.random_search import RandomSearch

SPACE = {
    "num_filters": {"type": "int", "low": 10, "high": 100},
    "learning_rate": {"type": "float", "low": 0.001, "high": 1.0, "log": True},
    "momentum": {"type": "float", "low": 0.0, "high": 0.99},
    "batch_size": {"type": "int", "low": 16, "high": 512, "log": True},
}
CHANCE = 0.9
"""Error of guessing among ten classes."""
TOO_FAST = 0.5
"""Learning rates above this diverge in this benchmark."""
WORKERS, LONGEST_S = 8, 62.0
"""The longest trial of 50 epochs takes 61 s: 0.6 s per epoch and 50 filters, with 100 filters, and 1 s more."""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NAME = "benchmark"
BATCH = 100
VERSIONS = {"python": "3.13", "numpy": "2.4.6", "torch": "2.13.0", "hyperspool": "0.1"}


def write_study(root: Path, trials: int, epochs: int = 0, planned: int = 0) -> StudyFolder:
    """Write a random search below `root`.

    Args:
        root: the shared folder.
        trials: how many are finished, in batches of `BATCH`.
        epochs: of each trial; 0: the objective has none, and there are no curves.
        planned: how many trials the study has; 0: those that are finished.
    """
    study = {"name": NAME, "trials": planned or trials, "batch": BATCH, "space": SPACE}
    study |= (
        {"objective": {"name": "cnn"}, "budget": {"epochs": epochs}} if epochs else {"objective": {"name": "nothing"}}
    )
    spec, folder = StudySpec.model_validate(study), StudyFolder(root, NAME)
    root.mkdir(parents=True, exist_ok=True)
    for needed in folder.folders:
        atomic.make_folder(needed)
    atomic.replace(folder.spec, spec.to_json(), durable=False)
    generator = np.random.default_rng(0)
    with folder.journal.open("w") as journal:
        for entry in _recorded(spec, trials):
            journal.write(f"{entry.line()}\n")
            if isinstance(entry, ProposalEntry):
                _write_trial(spec, folder, entry, generator)
    _digest(folder, spec)
    return folder


def _digest(folder: StudyFolder, spec: StudySpec) -> None:
    """Write the digests, as the study's master does some seconds later."""
    written, before_s = Digesting(folder, spec), time.time() - 2 * SETTLED_S
    for path in folder.trial_folders():
        os.utime(path, (before_s, before_s))
    results = read_results(folder, spec).results.values()
    written.landed((one for one in results if isinstance(one, Outcome)), {})
    written.write_all()


def _recorded(spec: StudySpec, trials: int) -> Iterator[BatchEntry | ProposalEntry]:
    search, at = RandomSearch(spec.space, spec.seed), text_of(BEGIN.timestamp())
    for number, first in enumerate(range(0, trials, BATCH)):
        before = Known(pending=[Proposal(first - 1, {}, Stage())] if first else [])
        proposals = search.suggest(min(BATCH, trials - first), before)
        told = ((first - BATCH, first - 1, 0),) if first else ()
        yield BatchEntry(batch=number, proposals=len(proposals), told=told, replicates=1, epochs=spec.epochs, at=at)
        yield from (ProposalEntry.of(proposal, spec, number) for proposal in proposals)


def _write_trial(spec: StudySpec, folder: StudyFolder, entry: ProposalEntry, generator: np.random.Generator) -> None:
    if entry.trial % 100 == 0:
        folder.trial_folder(entry.trial).mkdir(exist_ok=True)
    curve = curve_of(entry, spec.epochs, generator) if spec.budget else []
    # Without the care of `atomic`, which costs more than all the rest: nobody reads them yet.
    if curve:
        folder.curve(entry.trial).write_text(to_text(curve))
    folder.result(entry.trial).write_bytes(result_of(spec, entry, curve).to_json())


def curve_of(entry: ProposalEntry, epochs: int, generator: np.random.Generator) -> list[EpochRecord]:
    """Make a curve that falls to a floor given by the params, or one that ends when its loss becomes NaN."""
    params = entry.params
    rate = float(params["learning_rate"])
    is_diverging = rate > TOO_FAST
    floor = _floor(params)
    made = []
    for epoch in range(1, (epochs // 2 if is_diverging else epochs) + 1):
        error = floor + (CHANCE - floor) * float(np.exp(-0.3 * epoch)) * float(generator.uniform(0.9, 1.1))
        loss = float("nan") if is_diverging and epoch == epochs // 2 else 2.3 * error
        made.append(
            EpochRecord.of(
                epoch=epoch,
                seconds=float(generator.uniform(0.5, 0.6)) * float(params["num_filters"]) / 50,
                training_loss=0.8 * loss,
                validation_loss=loss,
                validation_error=error,
                learning_rate=rate,
            )
        )
    return made


def result_of(spec: StudySpec, entry: ProposalEntry, curve: list[EpochRecord]) -> Result:
    """Make the result that ends a trial; without a curve, of one that took a second."""
    trial, params = entry.trial, entry.params
    is_diverged = bool(curve) and not np.isfinite(curve[-1].metrics["validation_loss"])
    training_s = sum(record.seconds for record in curve)
    begin = BEGIN + timedelta(seconds=(LONGEST_S if curve else 1.0) * (trial // WORKERS))
    end = begin + timedelta(seconds=training_s + 1)
    best = min(curve, key=lambda record: record.metrics["validation_error"], default=None)
    measured = curve[-1].metrics["validation_error"] if curve else _floor(params)
    return Result(
        study=spec.name,
        trial=trial,
        issue=1,
        attempt=1,
        status=Status.COMPLETE,
        value=CHANCE if is_diverged else measured,
        params=params,
        budget=Budget(epochs=spec.epochs),
        seeds=entry.seeds,
        epochs=len(curve),
        stage=entry.stage,
        batch=entry.batch,
        diverged=is_diverged,
        best_epoch=best.epoch if best else None,
        best_value=best.metrics["validation_error"] if best else None,
        attribution=Attribution(
            worker=f"host-{trial % WORKERS}", host="host", pid=1, device="cpu", threads=1, versions=VERSIONS
        ),
        times=Times(
            published_at=text_of(BEGIN.timestamp()),
            claimed_at=text_of(begin.timestamp()),
            ended_at=text_of(end.timestamp()),
            evaluation_s=training_s + 1,
            training_s=training_s,
        ),
    )


def _floor(params: Params) -> float:
    """The error that a trial reaches in the end."""
    return (
        0.02 + 0.05 * abs(math.log10(float(params["learning_rate"])) + 1.5) + 0.1 * abs(float(params["momentum"]) - 0.6)
    )
