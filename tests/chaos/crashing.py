"""Runs a master or a worker in a separate process that dies by SIGKILL at its n-th operation on the shared folder.

The operations are those of `common.atomic` (the process dies after one, or in the middle of a write), and every other
change of a file there that Python's audit events announce. So operations of locks are found, and any that bypass
`common.atomic`. The processes are forked from a server that has imported everything, which takes milliseconds.
"""

import fcntl
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hyperspool.common import atomic
from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.definitions import OwnObjectives
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import FailureKind
from hyperspool.common.report import report
from hyperspool.common.watch import Wakeup
from hyperspool.master.run import dispatch, session
from hyperspool.master.run import loop as study
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.published import publish_study
from hyperspool.master.studies.source import find_study
from hyperspool.master.terminal.console import Terminal
from hyperspool.worker import child, idleness, loop, reports
from hyperspool.worker.device import Device
from hyperspool.worker.executor import Listener
from hyperspool.worker.messages import ChildSettings, Evaluate, Failed, Finished, Outcome
from hyperspool.worker.presence import Presence
from hyperspool.worker.queue import ClaimedJob
from hyperspool.worker.running_attempt import RunningAttempt
from tests.chaos import objective
from tests.processes import listens, until

OBJECTIVES = OwnObjectives(("logistic=tests.chaos.objective:logistic",)).definitions()
CHANGES = frozenset({"os.remove", "os.rename", "os.link", "os.mkdir", "os.rmdir", "os.truncate"})
"""The audit events that announce a change of the file system, besides `open`."""
NEVER = sys.maxsize
FAST_S = 0.01
LEASE_S = 1.0
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


class Crash:
    """Counts this process's operations on a folder, and kills it at one of them."""

    def __init__(self, root: Path, at: int) -> None:
        self._root, self._left = root, at
        self._is_known = False
        self.is_paused = False
        self._write_all = atomic._write_all
        atomic.after_operation = self._after
        atomic._write_all = self._write_half
        sys.addaudithook(self._heed)

    def _after(self, operation: str, path: Path) -> None:
        self._pass(f"after {operation} {path.name}")
        self._is_known = True

    def _pass(self, what: str) -> None:
        if self.is_paused or threading.current_thread() is not threading.main_thread():
            return  # threads of a lease or a folder watch act at random times, so crashes there are not reproducible
        self._left -= 1
        if self._left == 0:
            os.write(1, f"{what}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def _write_half(self, descriptor: int, data: bytes) -> None:
        half = len(data) // 2
        self._write_all(descriptor, data[:half])
        self._pass("in the middle of a write")
        self._write_all(descriptor, data[half:])

    def _heed(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "fcntl.fcntl" and arguments[1] == fcntl.F_OFD_SETLK:
            self._pass("before locking")
        elif event == "open" and arguments[2] & (os.O_CREAT | os.O_TRUNC):
            self._pass_before(event, arguments[:1])
        elif event in CHANGES:
            self._pass_before(event, arguments)

    def _pass_before(self, event: str, arguments: tuple[Any, ...]) -> None:
        # A relative name belongs to a folder that was opened before.
        paths = [Path(argument) for argument in arguments if isinstance(argument, str)]
        if self._is_known:  # the state is still that after the last operation, where it has crashed already
            self._is_known = False
        elif any(not path.is_absolute() or path.is_relative_to(self._root) for path in paths):
            self._pass(f"before {event} {paths[0].name}")


class Inside:
    """Evaluates in the worker's own process, so that writing checkpoints counts as operations of this process."""

    def __init__(self, worker: loop.Worker, scene: str, crash: Crash) -> None:
        self._worker, self._scene, self._crash = worker, scene, crash

    def evaluate(self, request: Evaluate, listener: Listener) -> Outcome:
        """Evaluate as an executor does, and end as the scene demands."""
        scene, self._scene = self._scene, ""
        is_asked_to_stop = scene == "is asked to stop"
        self._worker._reports.do_if_due()  # as an executor does while its child evaluates
        self._worker._stop.is_requested |= is_asked_to_stop
        settings = ChildSettings("cpu", OBJECTIVES, Path("data"))
        outcome = child.evaluate(request, settings, listener.hear, lambda: is_asked_to_stop)
        if scene == "loses its child":
            return Failed(FailureKind.WORKER_LOST, "the evaluating process was ended by SIGKILL")
        if scene == "is late":
            self._crash.is_paused = True
            self._finish_second_issue(request)
            self._crash.is_paused = False
        return outcome

    def close(self) -> None:
        """Do nothing: there is no process to end."""

    def _finish_second_issue(self, request: Evaluate) -> None:
        folder = StudyFolder(self._worker._settings.root, request.job.study)
        job = request.job.model_copy(update={"issue": 2})
        atomic.replace(folder.job(Issue(job.trial, number=2)), job.to_json(), durable=False)
        claimant = Claimant("other")
        claim = Claims(claimant).try_lock(folder, Issue(job.trial, number=2), request.spec.claim)
        if claim is None:
            raise RuntimeError("the second issue is held")
        claimed = ClaimedJob(request.spec, (0, 0), job, claim)
        attempt = RunningAttempt(claimed, claimant, "cpu", Presence(claimant, "cpu"))
        claim.start()
        settings = ChildSettings("cpu", OBJECTIVES, Path("data"))
        outcome = child.evaluate(attempt.request, settings, attempt.hear, lambda: False)
        if not isinstance(outcome, Finished):
            raise TypeError(f"the second issue ended as {outcome}")
        report(claim, attempt.result(outcome), attempt.curve)


def recover(root: Path) -> int:
    """Serve the study of `root` as a worker until no job is open, then run it to its end as its master."""
    return run_worker(root, "", NEVER, is_staying=False) or run_master(root, NEVER)


def run_worker(root: Path, scene: str, at: int, *, is_staying: bool) -> int:
    """Serve every study of `root` until no job is open, or until stopped. Call it in a separate process."""
    idleness.RESCAN_S, reports.RIPE_S = FAST_S, 0.0
    Claims.__init__.__defaults__ = (LEASE_S,)
    idleness.IDLE_EXIT_S = float("inf") if is_staying else 0.0
    crash = Crash(root, at)
    device = Device("cpu", visible="")
    settings = loop.WorkerSettings(
        root, None, device, OBJECTIVES, None, waiting=idleness.Waiting(exit_when_idle=True), exit_with_stdin=False
    )
    worker = loop.Worker(settings, Claimant("victim"))
    inside: Any = Inside(worker, scene, crash)
    worker._executor = inside
    return worker.run()


def run_master(root: Path, at: int) -> int:
    """Run the study of `root` to its end. Call it in a separate process."""
    Claims.__init__.__defaults__ = (LEASE_S,)
    study.RESCAN_S = study.TICK_S = FAST_S
    dispatch.MISSING_S = 0.2
    Crash(root, at)
    options = session.RunOptions(root, str(root / "demo.toml"), Changes(), 0, OwnObjectives(), is_new=False)
    return session.run_session(Terminal(force_terminal=False), options)


def publish(root: Path) -> None:
    """Publish the study of `root` with its first batch. Call it in a separate process."""
    spec = find_study(str(root / "demo.toml"), root, Changes())
    folder = StudyFolder(root, spec.name)
    publish_study(folder, spec)
    search = study.Search(folder, spec, Wakeup(), lambda: False)
    search.resume()
    search._dispatcher.publish()


class Fork:
    """A process that runs `action` and writes its output to a file."""

    def __init__(self, log: Path, action: Callable[..., object], *arguments: object, **options: object) -> None:
        self._log = log
        self._process = _FORKS.Process(target=_speak_into, args=(log, action, arguments, options))
        self._process.start()

    @property
    def pid(self) -> int | None:
        """The process id."""
        return self._process.pid

    @property
    def output(self) -> str:
        """The output so far; after a crash the last line says where it crashed."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def wait(self, deadline_s: float = 60.0) -> int | None:
        """Wait for its end and return its exit status; None if the deadline passes."""
        self._process.join(deadline_s)
        return self._process.exitcode

    def stop(self) -> int | None:
        """Ask it to stop as soon as it listens, and return its exit status."""
        process, pid = self._process, self._process.pid
        if pid and process.is_alive():
            until(lambda: not process.is_alive() or listens(pid), "it listens to signals", self._log.parent)
            process.terminate()
        return self.wait()

    def end(self) -> None:
        """Kill it if it still runs."""
        self._process.kill()
        self._process.join()


def _speak_into(
    log: Path, action: Callable[..., object], arguments: tuple[object, ...], options: dict[str, object]
) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    objective.EPOCH_S = 0.0
    os.fsync = lambda _descriptor: None  # type: ignore[assignment]  # a process dies here, not the machine
    sys.exit(action(*arguments, **options))  # type: ignore[arg-type]  # a status, or None
