"""Measures the seconds and megabytes of a large study's report.

    python -m benchmarks.report [--size daily] [--trials 1000] [--epochs 50] [--keep FOLDER]

First it writes the study's files as workers would leave them. The curves are invented, because the time does not depend
on them. Then it writes the report once, in this process, as the command does. With `--trials` it prints the seconds of
each step instead of the rows, and CPU seconds too, because they depend less on the machine's other work.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.harness import Row, Size, at_most, show
from hyperspool.common import atomic
from hyperspool.common.curve import to_text
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Attribution, Budget, Result, Status, Times
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.page import report
from hyperspool.master.search.counter_random import trial_seeds
from hyperspool.master.search.random_search import draw

STEPS = {
    "study_data": "read the files",
    "sections": "list the figures, with captions",
    "save_figure": "draw and save the figures",
    "answers": "answers",
    "render": "render the page",
}
"""The functions that the report calls, and their labels in the table."""
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
MEGABYTE = 1e6


def main() -> None:
    """Print the rows; or the steps of the report of some trials."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=Size, choices=list(Size), default=Size.DAILY)
    parser.add_argument("--trials", type=int, help="Print the steps of the report of this many trials.")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--keep", type=Path, help="Keep study and report in this folder. Default: remove them.")
    options = parser.parse_args()
    if options.trials is None:
        for row in rows(options.size):
            show(row)
        return
    with ExitStack() as stack:
        root = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = write_study(root, options.trials, options.epochs)
        measure(folder, root / "report")


def rows(size: Size) -> Iterator[Row]:
    """The seconds and the size of a report."""
    trials, epochs = size.of(tiny=(12, 3), daily=(1000, 50), full=(1000, 50))
    with tempfile.TemporaryDirectory() as name:
        folder = write_study(Path(name), trials, epochs)
        total = [0.0, 0.0]
        written = timed(report.write_report, total)(folder, Path(name, "report"))
        megabytes = written.page.stat().st_size / MEGABYTE
    what = f"report of {trials:,} trials of {epochs} epochs"
    yield Row(what, [total[0]], "s", bar=at_most(20))
    yield Row(f"{what}, CPU", [total[1]], "s")
    yield Row(f"{what}, its page", [megabytes], "MB", bar=at_most(10))


def write_study(root: Path, trials: int, epochs: int) -> StudyFolder:
    """Write a finished random search below `root`, in the files that master and workers would write."""
    objective, budget = {"name": "cnn"}, {"epochs": epochs}
    study = {"name": "benchmark", "trials": trials, "objective": objective, "budget": budget, "space": SPACE}
    spec, folder = StudySpec.model_validate(study), StudyFolder(root, "benchmark")
    root.mkdir(parents=True, exist_ok=True)
    for needed in folder.folders:
        atomic.make_folder(needed)
    atomic.replace(folder.spec, spec.to_json(), durable=False)
    generator = np.random.default_rng(0)
    for trial in range(trials):
        params = draw(spec.space, spec.seed, trial)
        curve = curve_of(params, epochs, generator)
        atomic.make_folder(folder.trial_folder(trial))
        atomic.replace(folder.curve(trial), to_text(curve).encode(), durable=False)
        atomic.replace(folder.result(trial), result_of(spec, trial, params, curve).to_json(), durable=False)
    return folder


def curve_of(params: Params, epochs: int, generator: np.random.Generator) -> list[EpochRecord]:
    """Make a curve that falls to a floor given by the params, or one that ends when its loss becomes NaN."""
    rate, momentum = float(params["learning_rate"]), float(params["momentum"])
    is_diverging = rate > TOO_FAST
    floor = 0.02 + 0.05 * abs(np.log10(rate) + 1.5) + 0.1 * abs(momentum - 0.6)
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


def result_of(spec: StudySpec, trial: int, params: Params, curve: list[EpochRecord]) -> Result:
    """Make the result that ends a trial."""
    is_diverged = not np.isfinite(curve[-1].metrics["validation_loss"])
    training_s = sum(record.seconds for record in curve)
    begin = BEGIN + timedelta(seconds=LONGEST_S * (trial // WORKERS))
    end = begin + timedelta(seconds=training_s + 1)
    best = min(curve, key=lambda record: record.metrics["validation_error"])
    worker = f"host-{trial % WORKERS}"
    return Result(
        study=spec.name,
        trial=trial,
        issue=1,
        attempt=1,
        status=Status.COMPLETE,
        value=CHANCE if is_diverged else curve[-1].metrics["validation_error"],
        params=params,
        budget=Budget(epochs=spec.epochs),
        seeds=trial_seeds(spec.seed, trial),
        epochs=len(curve),
        diverged=is_diverged,
        best_epoch=best.epoch,
        best_value=best.metrics["validation_error"],
        attribution=Attribution(worker=worker, host="host", pid=1, device="cpu", threads=1, versions={"numpy": "2"}),
        times=Times(
            published_at=BEGIN.isoformat(),
            claimed_at=begin.isoformat(),
            ended_at=end.isoformat(),
            evaluation_s=training_s + 1,
            training_s=training_s,
        ),
    )


def measure(folder: StudyFolder, out: Path) -> None:
    """Write the report, and print the time of each step."""
    spent = {name: [0.0, 0.0] for name in STEPS}
    with ExitStack() as stack:
        for name in STEPS:
            stack.enter_context(patch.object(report, name, timed(getattr(report, name), spent[name])))
        total = [0.0, 0.0]
        written = timed(report.write_report, total)(folder, out)
    print(f"{'step':<35} {'seconds':>8} {'CPU':>8}")
    rest = [whole - sum(parts) for whole, *parts in zip(total, *spent.values(), strict=True)]
    rows = {STEPS[name]: seconds for name, seconds in spent.items()} | {"everything else": rest, "report": total}
    for label, (seconds, cpu_s) in rows.items():
        print(f"{label:<35} {seconds:>8.2f} {cpu_s:>8.2f}")
    print(f"{written.figures} figures, page of {written.page.stat().st_size / MEGABYTE:.2f} MB")


def timed(work: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    """Wrap `work` to add its seconds and CPU seconds to `spent`."""

    def measured(*given: Any) -> Any:
        begin, begin_cpu = time.perf_counter(), time.process_time()
        found = work(*given)
        spent[0] += time.perf_counter() - begin
        spent[1] += time.process_time() - begin_cpu
        return found

    return measured


if __name__ == "__main__":
    main()
