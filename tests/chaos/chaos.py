"""Chaos: kills, stops and terminates real masters and workers at random moments, and checks the promises.

`Storm` is one study in such weather. `broken_promises` checks it afterwards: exactly one result per trial, equal to the
result of an undisturbed run; no files left over; and no process that ended with an unexpected status.
"""

import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hyperspool.common.layout import StudyFolder
from hyperspool.common.signals import STOPPED_STATUS
from tests.chaos.outcome import Outcome, broken_journal, differences, outcome_of, strays
from tests.processes import Processes, children_of, finished_trials, until

STUDY = "demo"
LULL_S = 10.0
"""After this long without a new result, blows pause until there is one: a master that is always killed before it has
started tests nothing."""
STILL_S = 60.0
"""After this long without a new result, the study counts as stuck."""
CALM_S = 60.0
"""How long a study may take to end after the last blow."""
LOGISTIC = """
trials = {trials}
batch = {batch}
objective.name = "logistic"
budget.epochs = {epochs}
limits = {{ max_attempts = {max_attempts}, stale_s = {stale_s} }}
claim = "{claim}"
space.x = {{ type = "float", low = 0.1, high = 0.9 }}
"""
CNN = """
trials = {trials}
batch = {batch}
objective.name = "cnn"
data = {{ name = "digits", train_size = 200 }}
budget.epochs = {epochs}
limits = {{ max_attempts = {max_attempts}, stale_s = {stale_s} }}
claim = "{claim}"
[space]
num_filters = {{ type = "int", low = 8, high = 16 }}
learning_rate = {{ type = "float", low = 0.02, high = 0.1, log = true }}
momentum = 0.5
batch_size = 20
"""


@dataclass(frozen=True)
class Weather:
    """The settings of a storm.

    Attributes:
        name: the name in the log.
        study: the study's TOML, with placeholders for the fields below.
        trials: the number of trials.
        batch: the number of trials proposed at once.
        epochs: the epochs of each trial.
        workers: the number of workers at any time.
        pause_s: shortest and longest time between two blows, in seconds.
        stop_s: shortest and longest time that a stopped process stays stopped, in seconds.
        stale_s: the study's limit; below the longest stop, trials are issued again and late results are set aside.
        max_attempts: the study's limit; so high that no trial is given up, however often its processes are killed.
        claim: lock or lease.
        is_timed: whether the objective measures the seconds of its epochs.
    """

    name: str
    study: str = LOGISTIC
    trials: int = 500
    batch: int = 100
    epochs: int = 4
    workers: int = 8
    pause_s: tuple[float, float] = (0.1, 0.5)
    stop_s: tuple[float, float] = (0.05, 1.0)
    stale_s: float = 60.0
    max_attempts: int = 100
    claim: str = "lock"
    is_timed: bool = False

    def write_study(self, root: Path) -> Path:
        """Make `root` a shared folder with a study file; return the file's path."""
        for name in ("jobs", "results"):
            (root / name).mkdir(parents=True)
        path = root / f"{STUDY}.toml"
        path.write_text(self.study.format(**asdict(self)))
        return path


BLOWS = {
    ("child", signal.SIGKILL): 8,
    ("worker", signal.SIGKILL): 5,
    ("worker", signal.SIGTERM): 3,
    ("master", signal.SIGKILL): 3,
    ("master", signal.SIGTERM): 2,
    ("worker", signal.SIGSTOP): 3,
    ("child", signal.SIGSTOP): 2,
    ("master", signal.SIGSTOP): 2,
}
"""The blows (target, signal) and their relative frequencies."""


ENDS = {
    ("worker", signal.SIGKILL): {-signal.SIGKILL},
    ("master", signal.SIGKILL): {-signal.SIGKILL},
    ("worker", signal.SIGTERM): {0, STOPPED_STATUS, -signal.SIGTERM},
    ("master", signal.SIGTERM): {1, 130, -signal.SIGTERM},
}
"""The exit statuses that are allowed after a blow. Before it handles signals, Python dies from SIGTERM itself. A master
exits with 1, because its study is not finished, and with 130 after a second signal; a worker with 75 while a job is
open."""


_STARTING = re.compile(
    r"Traceback \(most recent call last\):\n(?:  .*\n)*?"
    r'  File ".*/multiprocessing/spawn\.py".* in spawn_main\n(?:  .*\n)*'
    r"EOFError: Ran out of input\n"
)
"""What Python's own start of a process prints if its parent was killed before it had said what to do."""


class BrokenPromise(AssertionError):  # noqa: N818 - the project's own word for it
    """A promise of the protocol does not hold."""


@dataclass
class Storm:
    """One study whose processes are hit at random until nearly all of its results are there, and then left alone.

    Args:
        root: an empty shared folder.
        weather: the settings.
        seed: the seed of the random choice of blows.

    Attributes:
        blows: the number of blows by name, such as "worker SIGKILL".
    """

    root: Path
    weather: Weather
    seed: int
    blows: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.folder = StudyFolder(self.root, STUDY)
        self._study = self.weather.write_study(self.root)
        self._random = random.Random(self.seed)
        self._processes = Processes(self.root)
        self._workers: list[subprocess.Popen[str]] = []
        self._expected_ends: dict[int, set[int]] = {}
        self._to_continue: list[tuple[float, int]] = []
        self._progress = (0, time.monotonic())

    def run(self) -> None:
        """Run the study to its end.

        Raises:
            BrokenPromise: the study got stuck, or a process ended with an unexpected status.
        """
        try:
            self._master = self._start_master()
            while self._is_raging():
                self._replace_the_dead()
                if time.monotonic() - self._progress[1] < LULL_S:
                    self._strike()
                self._sleep(self._random.uniform(*self.weather.pause_s))
            self._calm_down()
        finally:
            self._processes.kill_all()

    def _is_raging(self) -> bool:
        count, now_s = len(finished_trials(self.folder)), time.monotonic()
        if count > self._progress[0]:
            self._progress = (count, now_s)
        if now_s - self._progress[1] > STILL_S:
            raise BrokenPromise(f"no new result for {STILL_S:g} s; {count} are there")
        # The last trials are left alone: a worker that is killed after the master has exited may leave files behind,
        # which the protocol allows until the next master tidies up.
        return count < self.weather.trials - self.weather.workers

    def _replace_the_dead(self) -> None:
        self._workers = [worker for worker in self._workers if not self._has_ended(worker)]
        while len(self._workers) < self.weather.workers:
            self._workers.append(self._start_worker())
        if self._has_ended(self._master):
            self._master = self._start_master()

    def _start_worker(self) -> subprocess.Popen[str]:
        worker = self._processes.worker("--objective", "logistic=tests.chaos.objective:logistic")
        self._expected_ends[worker.pid] = set()
        return worker

    def _start_master(self) -> subprocess.Popen[str]:
        master = self._processes.master(self._study)
        self._expected_ends[master.pid] = set()
        return master

    def _has_ended(self, process: subprocess.Popen[str]) -> bool:
        status = process.poll()
        if status is None:
            return False
        printed = self._processes.output(process)
        ours = _STARTING.sub("", printed) if status == -signal.SIGKILL else printed
        if status not in self._expected_ends[process.pid] or "Traceback" in ours:
            raise BrokenPromise(f"{process.args!r} ended with status {status}:\n{printed}")
        if process is self._master and status == 0:
            self._expect_finished()
        return True

    def _expect_finished(self) -> None:
        missing = sorted(set(range(self.weather.trials)) - set(finished_trials(self.folder)))
        if missing:
            raise BrokenPromise(f"the master exited with status 0, but trials {missing} have no result")

    def _strike(self) -> None:
        ((who, what),) = self._random.choices(list(BLOWS), weights=list(BLOWS.values()))
        process = self._master if who == "master" else self._random.choice(self._workers)
        pids = children_of(process.pid) if who == "child" else [process.pid]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, what)
                self.blows[f"{who} {what.name}"] += 1
        if what == signal.SIGSTOP:
            end_s = time.monotonic() + self._random.uniform(*self.weather.stop_s)
            self._to_continue += [(end_s, pid) for pid in pids]
        elif who != "child":
            self._expected_ends[process.pid] |= ENDS[who, what]
            if what == signal.SIGKILL:
                process.wait()

    def _sleep(self, pause_s: float) -> None:
        end_s = time.monotonic() + pause_s
        while (now_s := time.monotonic()) < end_s:
            self._continue_stopped(now_s)
            next_s = min((due_s for due_s, _ in self._to_continue), default=end_s)
            time.sleep(max(min(next_s, end_s) - now_s, 0.0))

    def _continue_stopped(self, now_s: float) -> None:
        for due_s, pid in self._to_continue:
            if due_s <= now_s:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        self._to_continue = [(due_s, pid) for due_s, pid in self._to_continue if due_s > now_s]

    def _calm_down(self) -> None:
        self._continue_stopped(float("inf"))
        # RACE: the last trials land, and the master exits with 0, before this check. Then another master is started,
        # finds the study finished, and exits with 0 too.
        self._expected_ends[self._master.pid].add(0)
        self._replace_the_dead()
        self._expected_ends[self._master.pid].add(0)
        end_s = time.monotonic() + CALM_S
        while self._master.poll() != 0:
            if time.monotonic() > end_s:
                raise BrokenPromise(f"the master has not ended:\n{self._processes.output(self._master)}")
            self._replace_the_dead()
            self._expected_ends[self._master.pid].add(0)
            self._sleep(0.05)
        self._expect_finished()
        self._expect(lambda: not strays(self.root, STUDY), lambda: f"left over: {strays(self.root, STUDY)}")
        for worker in self._workers:
            worker.terminate()
            self._expected_ends[worker.pid] |= {0, STOPPED_STATUS, -signal.SIGTERM}
        self._expect(lambda: all(map(self._has_ended, self._workers)), lambda: "a worker does not exit")

    def _expect(self, condition: Callable[[], object], message: Callable[[], str]) -> None:
        try:
            until(condition, "", self.root, CALM_S)
        except BrokenPromise:
            raise
        except AssertionError:
            raise BrokenPromise(message()) from None


def undisturbed(root: Path, weather: Weather) -> Outcome:
    """Return the outcome of the same study without blows. `root` is an empty shared folder."""
    study = weather.write_study(root)
    processes = Processes(root)
    try:
        for _ in range(weather.workers // 2):
            processes.worker("--objective", "logistic=tests.chaos.objective:logistic")
        processes.finish(processes.master(study), deadline_s=600.0)
    finally:
        processes.kill_all()
    return outcome_of(StudyFolder(root, STUDY), is_timed=weather.is_timed)


def broken_promises(storm: Storm, expected: Outcome) -> list[str]:
    """Return the promises that do not hold after a storm, one line each."""
    folder, weather = storm.folder, storm.weather
    found = outcome_of(folder, is_timed=weather.is_timed)
    broken = differences(found, expected)
    trials = finished_trials(folder)
    if trials != list(range(weather.trials)):
        broken.append(f"{len(trials)} trials have a result, expected {weather.trials}")
    broken += [journal] if (journal := broken_journal(folder)) else []
    broken += [f"left over: {path}" for path in strays(storm.root, STUDY)]
    broken += [f"set aside: {path}" for path in sorted(folder.rejected.glob("*"))]
    if weather.stop_s[1] < weather.stale_s:
        broken += [f"a second result: {path}" for path in sorted(folder.duplicates.glob("*"))]
    return broken
