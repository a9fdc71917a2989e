"""Fixtures that tests of several packages share."""

import math
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Budget, Job, Seeds
from hyperspool.common.study_spec import StudySpec
from tests.finished import Finished, run_to_its_end
from tests.processes import Processes

MakeStudy = Callable[..., Path]

# A shell that starts the tests in the background makes them ignore Ctrl-C. Their child processes would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Containers often forbid Python to write bytecode. Then each of the hundreds of processes that tests start would
# compile this project again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three processes for two cores: tests of real processes wait for much of their time."""
    return math.ceil(1.5 * len(os.sched_getaffinity(0)))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty shared folder."""
    for name in ("jobs", "results"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def processes(root: Path) -> Iterator[Processes]:
    """Starts masters and workers, and ends them with the test."""
    started = Processes(root)
    yield started
    started.kill_all()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A separate, empty file system of 1 MiB; skipped without the right to mount."""
    mountpoint = tmp_path / "disk"
    mountpoint.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mountpoint)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a file system")
    yield mountpoint
    subprocess.run(["umount", "--lazy", str(mountpoint)], check=True)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Trains in this process with one thread, like a worker, so that every run sums in the same order."""
    from hyperspool.worker.training.runtime import configure

    with _torch_left_as_it_was():
        configure("cpu", threads=1)
        yield


@pytest.fixture
def torch_left_as_it_was() -> Iterator[None]:
    """Restores torch's process-wide settings, which evaluating a trial in this process changes."""
    with _torch_left_as_it_was():
        yield


@contextmanager
def _torch_left_as_it_was() -> Iterator[None]:
    import torch

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


@pytest.fixture
def make_study(root: Path) -> MakeStudy:
    """Returns a function that writes a study file over x in [0, 1]; `more` is TOML that is added to it."""

    def write(objective: str, *, name: str = "demo", trials: int = 4, batch: int = 4, more: str = "") -> Path:
        path = root / f"{name}.toml"
        path.write_text(study_text(objective, trials, batch, more))
        return path

    return write


def study_text(objective: str, trials: int = 4, batch: int = 4, more: str = "") -> str:
    """The text of a study file over x in [0, 1]; `more` is TOML that is added to it."""
    return f"""
        trials = {trials}
        batch = {batch}
        objective.name = "{objective}"
        budget.epochs = 1
        space.x = {{ type = "float", low = 0, high = 1 }}
        {more}
    """


@pytest.fixture(scope="session")
def finished_square(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The study demo that `make_study("square")` writes, finished by a worker of its master."""
    options = ("--workers", "1", "--objective", "square=tests.objectives:square")
    return run_to_its_end(tmp_path_factory.mktemp("square"), "demo", study_text("square"), *options)


def spec_of(**changes: Any) -> StudySpec:
    """A study over x in [0, 1]."""
    table: dict[str, Any] = {
        "name": "demo",
        "trials": 4,
        "batch": 4,
        "objective": {"name": "square"},
        "budget": {"epochs": 1},
        "space": {"x": {"type": "float", "low": 0.0, "high": 1.0}},
    }
    return StudySpec.model_validate(table | changes)


def job_of(trial: int = 0, issue: int = 1, **changes: Any) -> Job:
    """A job of `spec_of()`."""
    job = Job(
        study="demo",
        trial=trial,
        issue=issue,
        params={"x": 0.25},
        budget=Budget(epochs=1),
        seeds=Seeds(initialisation=1, shuffling=2, dropout=3),
        published_at="2026-01-01T00:00:00.000Z",
    )
    return job.model_copy(update=changes)


@pytest.fixture
def folder(root: Path) -> StudyFolder:
    """The folder of `spec_of()`, published, without jobs."""
    study = StudyFolder(root, "demo")
    for path in (*study.folders, study.trial_folder(0)):
        atomic.make_folder(path)
    atomic.write_once(study.spec, spec_of().to_json())
    return study
