"""The live view fits its window, whatever its size, and shows the newest results first."""

import io
import re
import socket
from typing import Any

import pytest
from rich.console import Console

from hyperspool.common.epochs import EpochRecord
from hyperspool.common.gpus import GpuUse
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.records import Failure, FailureKind, Result, Status
from hyperspool.master.results.progress import Progress
from hyperspool.master.results.standing import Standing
from hyperspool.master.terminal import workers_table
from hyperspool.master.terminal.pictures import standing_view
from tests.conftest import spec_of
from tests.master.finalize.test_finalize import result_of
from tests.master.recorded import journal_of

SPACE: dict[str, Any] = {
    "learning_rate": {"type": "float", "low": 0.001, "high": 0.1},
    "momentum": {"type": "float", "low": 0.0, "high": 0.99},
    "weight_decay": {"type": "float", "low": 1e-6, "high": 1e-2},
    "batch_size": [16, 32, 64],
    "activation": ["relu", "tanh"],
    "hidden_units": {"type": "int", "low": 16, "high": 512},
}
DONE, WORKERS = 37, 3
SIZES = [(80, 24), (120, 40), (200, 50)]


def standing(done: int = DONE, workers: int = WORKERS) -> Standing:
    spec = spec_of(
        trials=40, batch=40, objective={"name": "mine", "measure": "error"}, budget={"epochs": 9}, space=SPACE
    )
    entries = journal_of(spec, {}).entries
    results: dict[tuple[int, int], Result] = {}
    for trial in range(done):
        result = result_of(spec, trial, 0.1, 1 / (1 + trial)).model_copy(update={"params": entries[trial, 0].params})
        results[trial, 0] = result
    running = [worker(number, done + number, epochs=9) for number in range(workers)]
    return Standing(spec, {**results}, running, journal=journal_of(spec, {}))


def worker(number: int, trial: int, epochs: int) -> WorkerRecord:
    name = f"gpu-server-{number}-71{number}4-beef"
    now = {"state": "running", "trial": trial, "rung": 0, "issue": 1, "attempt": 1, "epoch": 3, "epochs": epochs}
    own = {"worker": name, "host": "gpu-server", "pid": 1 + number, "device": f"cuda:{number}", "beat": 1, "at": ""}
    return WorkerRecord.model_validate(own | now)


def progress_of(record: WorkerRecord) -> Progress:
    epochs = [EpochRecord.of(epoch=epoch, seconds=2.0, loss=1.5, error=0.25) for epoch in (1, 2, 3)]
    return Progress(record.epochs, tuple(epochs))


def shown(width: int, height: int, stands: Standing) -> list[str]:
    console = Console(width=width, height=height, file=io.StringIO(), record=True, force_terminal=True)
    console.print(standing_view(stands, None, progress_of, is_fitted=True))
    return console.export_text().splitlines()


@pytest.mark.parametrize(("width", "height"), [*SIZES, (60, 15), (40, 10), (20, 5)])
@pytest.mark.parametrize("done", [0, 2, DONE])
@pytest.mark.parametrize("workers", [0, WORKERS, 20])
def test_the_picture_has_no_line_more_than_the_window(width: int, height: int, done: int, workers: int) -> None:
    lines = shown(width, height, standing(done, workers))
    assert len(lines) < height
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_newest_results_come_first_and_fill_the_window(width: int, height: int) -> None:
    lines = shown(width, height, standing())
    heading = lines.index("the last results, newest first")
    shown_trials = [int(found[1]) for line in lines[heading:] if (found := re.match(r"(?:trial )?\s*(\d+)  ", line))]
    assert shown_trials == list(range(DONE - 1, DONE - 1 - len(shown_trials), -1))
    assert len(lines) >= min(height - 3, DONE + heading)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_each_worker_shows_its_trial_metrics_and_times(width: int, height: int) -> None:
    lines = shown(width, height, standing())
    for number in range(WORKERS):
        own = next(line for line in lines if f"gpu-server-{number}" in line)
        assert re.search(rf"cuda:{number} +{DONE + number} +3/9 +2 +12 s +error=0.2500", own)


def test_params_of_running_trials_are_shown_where_there_is_room() -> None:
    assert any(line.startswith("  trial 37: learning_rate=") for line in shown(120, 40, standing()))
    assert not any(line.startswith("  trial 37:") for line in shown(80, 24, standing()))


def test_the_best_so_far_is_drawn_as_a_sparkline() -> None:
    (line,) = (line for line in shown(80, 24, standing()) if line.startswith("best so far"))
    assert line.startswith("best so far █▄▃▂")
    assert line.endswith("▁ 1.0000 -> 0.0270")


def test_more_workers_than_fit_are_counted() -> None:
    lines = shown(80, 24, standing(0, 20))
    named = sum("gpu-server-" in line for line in lines)
    assert f"and {20 - named} more workers" in lines


def test_loading_worker_is_shown_as_loading() -> None:
    stands = standing(0, 1)
    stands.loading = ["local worker 2 on cuda:1"]
    stands.workers.append(stands.workers[0].model_copy(update={"worker": "near", "state": "loading", "trial": None}))
    lines = shown(80, 24, stands)
    assert any(re.match(r"local worker 2 +cuda:1 +loading", line) for line in lines)
    assert any(re.match(r"near +cuda:0 +loading", line) for line in lines)


def test_failed_trial_is_shown_with_its_reason() -> None:
    stands = standing(1)
    failure = Failure(kind=FailureKind.EXCEPTION, message="ValueError: no data in data/")
    failed = stands.results[0, 0]
    assert isinstance(failed, Result)
    stands.results[0, 0] = failed.model_copy(update={"status": Status.FAILED, "value": None, "failure": failure})
    assert "trial 0 FAILED: ValueError: no data in data/" in shown(80, 24, stands)


def test_gpu_of_this_host_is_shown_with_memory_and_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_table, "gpu_use", lambda _: GpuUse(10 * 2**30, 80 * 2**30, 0.97))
    stands = standing(0, 1)
    own = stands.workers[0].model_copy(update={"gpu": "0"})
    stands.workers = [own, own.model_copy(update={"worker": "near", "host": socket.gethostname()})]
    lines = shown(140, 24, stands)
    assert [line for line in lines if "10.0 of 80 GiB, 97% busy" in line] == [
        line for line in lines if line.startswith("near")
    ]
