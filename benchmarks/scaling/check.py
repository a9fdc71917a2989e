"""The model beside real workers: the same studies on this machine, with trials that sleep for 0.5 to 1.5 s.

All workers are warm, and share the cores. The model knows the costs of one worker, and when the workers found the
study, which they look for once a second.
"""

import statistics
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.fleet import STUDY, Fleet
from benchmarks.harness import Peer, Row
from benchmarks.nothing import rest_s
from benchmarks.scaling.costs import Costs
from benchmarks.scaling.model import Simulation
from benchmarks.scaling.place import Place
from hyperspool.common.study_spec import StudySpec

MODES = {"in batches": "batch = {}", "asynchronous": 'mode = "asynchronous"'}
TRIALS_EACH, BATCH_EACH = 8, 4
"""Of each worker: trials of the study, and of a batch."""


def checked(workers: int, rounds: int, cores: int, costs: Costs) -> Iterator[Row]:
    """Run studies with real workers; the peer is the model.

    Args:
        workers: how many.
        rounds: how often each study is run.
        cores: of this machine.
        costs: as measured on it.
    """
    trials = TRIALS_EACH * workers
    with tempfile.TemporaryDirectory() as name, Fleet(Path(name, "root"), workers) as fleet:
        fleet.gather()
        for how, mode in MODES.items():
            text = mode.format(BATCH_EACH * workers)
            runs = [fleet.run("rest", trials, text) for _ in range(rounds)]
            place = Place("this machine", cores)
            models = [simulated(trials, text, workers, replace(place, found_s=run.found_s), costs) for run in runs]
            real = [run.seconds for run in runs]
            off = statistics.median(model / seconds - 1 for model, seconds in zip(models, real, strict=True))
            row = f"{workers} real workers, {trials} trials {how}"
            yield Row(row, real, "s", Peer("the model", models), note=f"off by {off:+.1%}")


def simulated(trials: int, mode: str, workers: int, place: Place, costs: Costs) -> float:
    """The seconds that the model says."""
    spec = spec_of(STUDY.format(trials=trials, mode=mode, objective="rest"))
    return Simulation(spec, workers, lambda job: rest_s({"a": float(job.params["a"])}), place, costs).run().seconds


def spec_of(text: str) -> StudySpec:
    """The study in the text of a study file."""
    return StudySpec.model_validate({"name": "crowd"} | tomllib.loads(text))
