"""Measures what commands, workers and trials need before they begin.

    python -m benchmarks.startup [--size daily]

A command is measured as a person waits for it, and compared with `import optuna`, which every script of that library
begins with. A worker's first training step is compared with a process that imports torch and loads the same data. The
training of a trial has one step, so that its beginning is known from its times.
"""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count, pairwise
from pathlib import Path

from benchmarks.finished import write_study
from benchmarks.fleet import until_one_exists
from benchmarks.floor import FLOOR, floor_ms
from benchmarks.harness import Peer, Row, Size, alternate, at_most, run_alone, seconds_of, times_at_most
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Result
from hyperspool.master.results.standing import open_standing

ONE_STEP = """
trials = {trials}
batch = {trials}
data.train_size = 50
budget.epochs = 1
objective.name = "cnn"
space.num_filters = {{ type = "fixed", value = 10 }}
space.batch_size = {{ type = "fixed", value = 50 }}
space.learning_rate = {{ type = "float", low = 1e-3, high = 1e-2 }}
"""
LOAD = """
import time, torch, pathlib
from hyperspool.worker.training.data import load_dataset
load_dataset("digits", pathlib.Path("."))
print(time.time())
"""
LIMIT_S = 60.0


def rows(size: Size) -> Iterator[Row]:
    """The commands, the worker, the first trial of a whole search."""
    rounds = size.of(tiny=1, daily=7, full=15)
    with tempfile.TemporaryDirectory() as name:
        yield from commands(Path(name), rounds)
        if size is not Size.TINY:
            yield from first_steps(Path(name), size.of(tiny=1, daily=5, full=11))
            yield from searches(Path(name), size.of(tiny=1, daily=3, full=7))


def commands(place: Path, rounds: int) -> Iterator[Row]:
    """The seconds of commands that people wait for."""
    folder = write_study(place / "finished", trials=40, epochs=3)
    master = (sys.executable, "-m", "master")
    peer = "import optuna"
    found = alternate(
        {
            "master --help": seconds_of(lambda: run(*master, "--help")),
            "status": seconds_of(lambda: run(*master, "status", folder.name, "--root", str(folder.root))),
            "worker --help": seconds_of(lambda: run(sys.executable, "-m", "worker", "--help")),
            peer: seconds_of(lambda: run(sys.executable, "-c", peer)),
        },
        rounds,
    )
    yield Row("master --help", found["master --help"], "s", Peer(peer, found[peer]), at_most(0.3))
    yield Row("status of 40 trials", found["status"], "s", Peer(peer, found[peer]), at_most(0.5))
    yield Row("worker --help", found["worker --help"], "s", Peer(peer, found[peer]))


def first_steps(place: Path, rounds: int) -> Iterator[Row]:
    """The seconds to the first training step, of a new worker and of a warm one."""
    peer, number = "import torch, load the data", count()
    runs: dict[str, Callable[[], list[float]]] = {
        FLOOR: lambda: [floor_ms(place / "floor")],
        "ours": lambda: one_step_run(place / f"one-step-{next(number)}"),
        peer: lambda: [since_start(sys.executable, "-c", LOAD)],
    }
    found = alternate(runs, rounds)
    floor = Peer(FLOOR, [one for (one,) in found[FLOOR]])
    firsts, others = [each[0] for each in found["ours"]], [1000 * one for each in found["ours"] for one in each[1:]]
    yield Row(
        "new worker: its first step", firsts, "s", Peer(peer, [one for (one,) in found[peer]]), times_at_most(1.2)
    )
    yield Row("warm worker: from a trial's end to the next one's first step", others, "ms", floor, at_most(20))


def one_step_run(root: Path, trials: int = 4) -> list[float]:
    """Start a worker on jobs that are there.

    Returns:
        The seconds from the worker's start to its first step, then those from the end of each trial to the first step
        of the next one.
    """
    with waiting_search(root, trials) as (folder, master):
        began_s = time.time()
        command = [sys.executable, "-m", "worker", "--root", str(root), "--study", folder.name, "--device", "cpu"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as worker:  # noqa: S603 - our own program
            master.wait(LIMIT_S)
            worker.terminate()
        results = sorted(open_standing(folder).results.values(), key=_ended_s)
    between = [_first_step_s(later) - _ended_s(earlier) for earlier, later in pairwise(results)]
    return [_first_step_s(results[0]) - began_s, *between]


@contextmanager
def waiting_search(root: Path, trials: int) -> Iterator[tuple[StudyFolder, "subprocess.Popen[bytes]"]]:
    """A master whose jobs are published, and that waits for workers."""
    root.mkdir()
    study, folder = root / "one-step.toml", StudyFolder(root, "one-step")
    study.write_text(ONE_STEP.format(trials=trials), encoding="utf-8")
    command = [sys.executable, "-m", "master", "run", str(study), "--root", str(root)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as master:  # noqa: S603 - our own program
        until_one_exists([folder.jobs / f"{trials - 1:05}.json"], LIMIT_S)
        yield folder, master


def searches(place: Path, rounds: int) -> Iterator[Row]:
    """The seconds from the command to the first trial of the preset that `make search` runs."""
    found = [first_trial_s(place / f"search-{number}") for number in range(rounds)]
    begun, ended = zip(*found, strict=True)
    yield Row("search with 2 workers: the first trial trains", begun, "s", bar=at_most(5))
    yield Row("search with 2 workers: the first result", ended, "s")


def first_trial_s(root: Path) -> tuple[float, float]:
    """Start a search; return the seconds to its first trial's first step, and to its first result."""
    root.mkdir()
    folder = StudyFolder(root, "scenario6")
    command = [sys.executable, "-m", "master", "run", folder.name, "--root", str(root), "--workers", "2"]
    began_s = time.time()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as master:  # noqa: S603 - our own program
        while not (results := list(folder.trials.glob("*/*.json"))):
            if time.time() - began_s > LIMIT_S or master.poll() is not None:
                raise TimeoutError(f"no result within {LIMIT_S} s")
            time.sleep(0.02)
        master.send_signal(signal.SIGINT)
    firsts = [Result.model_validate_json(path.read_bytes()) for path in results]
    return min(map(_first_step_s, firsts)) - began_s, min(map(_ended_s, firsts)) - began_s


def _ended_s(result: Finished) -> float:
    return datetime.fromisoformat(result.times.ended_at).timestamp()


def _first_step_s(result: Finished) -> float:
    return _ended_s(result) - result.times.training_s


def since_start(*command: str) -> float:
    """The seconds from a program's start to the moment that it prints."""
    began_s = time.time()
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    return float(answer.stdout) - began_s


def run(*command: str) -> Sequence[str]:
    """Run a program to its end."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    return command


if __name__ == "__main__":
    run_alone(__doc__, rows)
