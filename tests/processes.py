"""Starts, watches and signals real masters and workers for tests, and always cleans them up."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result
from hyperspool.common.signals import REQUESTS
from hyperspool.common.watch import Appearance, FolderWatch, Wakeup

REPOSITORY = Path(__file__).parent.parent
DEADLINE_S = 60.0


def until(condition: Callable[[], object], what: str, root: Path, deadline_s: float = DEADLINE_S) -> None:
    """Wait until a condition on the shared folder holds. It is tested at each event there, and every 50 ms."""
    bell = Wakeup()
    try:
        with FolderWatch(bell) as watch:
            watch.follow(dict.fromkeys((root, *root.rglob("*/")), Appearance.LINKED))
            end_s = time.monotonic() + deadline_s
            while not condition():
                if time.monotonic() > end_s:
                    raise AssertionError(f"not within {deadline_s:g} s: {what}")
                bell.wait(0.05)
    finally:
        bell.close()


class Processes:
    """Starts the project's own commands for one test, in one shared folder.

    Args:
        root: the shared folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log_folder = root
        self.notes = root / "notes"
        self._started: list[subprocess.Popen[str]] = []

    def start(self, module: str, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start `python -m module` with its output in a separate file."""
        log = self.log(len(self._started))
        with log.open("w") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=REPOSITORY,
                env=os.environ | {"NOTES": str(self.notes), "PYTHONUNBUFFERED": "1"} | (environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def worker(self, *arguments: str, objective: str | None = None) -> subprocess.Popen[str]:
        """Start a worker on the CPU; `objective` names a function of `tests.objectives`."""
        options = ["--root", str(self.root), "--device", "cpu", *arguments]
        if objective:
            options += ["--objective", f"{objective}=tests.objectives:{objective}"]
        return self.start("worker", *options)

    def master(self, study: Path | str, *arguments: str) -> subprocess.Popen[str]:
        """Start a master."""
        return self.start("master", "run", str(study), "--root", str(self.root), *arguments)

    def noted(self) -> list[str]:
        """Return the lines that objectives have written to `notes`."""
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    def finish(self, process: subprocess.Popen[str], deadline_s: float = DEADLINE_S) -> str:
        """Wait for a process to end by itself with status 0; return what it printed."""
        status = process.wait(deadline_s)
        printed = self.output(process)
        assert status == 0, f"exit status {status}:\n{printed}"
        return printed

    def output(self, process: subprocess.Popen[str]) -> str:
        """Return what a process has printed so far."""
        return self.log(self._started.index(process)).read_text(errors="replace")

    def log(self, number: int) -> Path:
        """Return the file that the n-th process prints to; it is outside the folders that tests look into."""
        return self.log_folder / f"process-{number}.log"

    def kill_all(self) -> None:
        """End everything that was started, with its children."""
        for process in self._started:
            # After a wait the system may give the process id to another process, so it must not be signalled.
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def children_of(pid: int) -> list[int]:
    """Return the live child processes that evaluate trials, without the resource tracker and the guardian."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    rows = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    return [int(pid) for pid, command in rows if not re.search("resource_tracker|descendants", command)]


def is_alive(pid: int) -> bool:
    """Return whether a process exists and is not a zombie."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def listens(pid: int) -> bool:
    """Return whether a process catches the signals that ask it to stop. Before that, they end it like any program."""
    mask = re.search(r"SigCgt:\s+([0-9a-f]+)", Path(f"/proc/{pid}/status").read_text())
    return mask is not None and bool(int(mask[1], 16) & (1 << (REQUESTS[-1] - 1)))


def results_of(folder: StudyFolder) -> dict[int, Result]:
    """Every result of a study with one rung, by trial."""
    return {trial: read_record(folder.result(trial), Result) for trial in finished_trials(folder)}


def finished_trials(folder: StudyFolder) -> list[int]:
    """The trials that have a result, in order."""
    return [name.trial for name in folder.all_finished()]


def leftovers(folder: StudyFolder) -> list[str]:
    """Files that a finished study must not leave behind."""
    kept = {folder.spec, folder.master_lock}
    files: Iterable[Path] = [*folder.jobs.rglob("*"), *folder.running.rglob("*"), *folder.checkpoints.rglob("*")]
    temporary = [path for path in folder.results.rglob(".*") if path.is_file()]
    return sorted(str(path.relative_to(folder.root)) for path in [*files, *temporary] if path not in kept)
