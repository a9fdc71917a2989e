"""The child process: evaluates what its parent sends, across trials, and dies with it.

Started by spawn, so it inherits neither the parent's locks nor its threads. It never touches a job, a lock or a result:
of the shared folder it reads and writes checkpoints only, and the model of a final evaluation.
"""

import ctypes
import hashlib
import os
import platform
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Sequence
from contextlib import suppress
from errno import ENOMEM
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from hyperspool.common import atomic
from hyperspool.common.errors import UnableError
from hyperspool.common.final import model_path
from hyperspool.common.objectives import with_defaults
from hyperspool.common.records import EpochRecord, FailureKind, ModelFile
from hyperspool.worker.checkpoint import Checkpoint, read_checkpoints, save_checkpoint
from hyperspool.worker.messages import (
    Began,
    Broken,
    ChildSettings,
    DeviceFound,
    EpochDone,
    Evaluate,
    Failed,
    Finished,
    FromChild,
    ProbeDevice,
    Resumed,
    Stop,
    Stopped,
    ToChild,
    Unable,
    storable,
)
from hyperspool.worker.objectives.registry import find_objective
from hyperspool.worker.objectives.trial import Trial, TrialStopped

PR_SET_PDEATHSIG = 1
MAX_MESSAGE = 2000
MAX_TRACEBACK = 20_000
"""Characters."""


def run_child(connection: Connection, settings: ChildSettings, parent_pid: int) -> None:
    """Serve the parent until it goes. The entry point of the spawned process."""
    os.setsid()
    _ignore_signals()
    _die_with(parent_pid)
    stop = threading.Event()
    inbox: queue.SimpleQueue[ProbeDevice | Evaluate] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, inbox, stop), daemon=True).start()
    while True:
        request = inbox.get()
        if isinstance(request, ProbeDevice):
            answer = _probe(settings)
        else:
            answer = _evaluate(request, settings, connection, stop)
        try:
            connection.send(answer)
        except OSError:
            # RACE: the parent died while this process evaluated. Either the listening thread or the kernel ends it
            # first, or it comes to here first: nobody wants the answer, and a traceback would tell of no fault.
            _end_group()


def _end_group() -> NoReturn:
    """End this process, which leads a group of its own, and with it what an objective started."""
    os.killpg(0, signal.SIGKILL)
    raise AssertionError("SIGKILL cannot be outlived")


def _ignore_signals() -> None:
    # Slurm's scancel reaches every process of a step. Only the parent obeys, and tells this process.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})


def _die_with(parent_pid: int) -> None:
    # The end of the pipe tells the listening thread that the parent is gone, but a long call into C can keep that
    # thread from running. On Linux the kernel kills this process too, at once.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # RACE: the parent died before prctl was called, and no signal will come.
    if os.getppid() != parent_pid:
        os._exit(1)


def _listen(connection: Connection, inbox: "queue.SimpleQueue[ProbeDevice | Evaluate]", stop: threading.Event) -> None:
    while True:
        try:
            message: ToChild = connection.recv()
        except (EOFError, OSError):
            _end_group()  # the parent is gone
        if isinstance(message, Stop):
            stop.set()
        else:
            inbox.put(message)


def _probe(settings: ChildSettings) -> FromChild:
    from hyperspool.worker.training.runtime import configure, device_name

    try:
        return DeviceFound(device_name(configure(settings.device, threads=1)))
    except (ValueError, RuntimeError) as error:
        return Unable(str(error))


def _evaluate(request: Evaluate, settings: ChildSettings, connection: Connection, stop: threading.Event) -> FromChild:
    parent = _Parent(request, settings.device, connection, stop)
    try:
        objective = find_objective(request.spec.objective.name, settings.objectives)
        measured = objective(_trial(request, settings, parent))
        model = _kept(measured.model, model_path(request.checkpoint)) if measured.model else None
    except TrialStopped:
        return Stopped(is_saved=parent.is_saved)
    except UnableError as error:
        return Unable(str(error))
    except Exception as error:  # noqa: BLE001 - whatever the objective raises ends the trial, not the worker
        return _failure(error)
    return Finished(measured.value, measured.is_diverged, measured.metrics, model)


def _trial(request: Evaluate, settings: ChildSettings, parent: "_Parent") -> Trial:
    spec, job = request.spec, request.job
    return Trial(
        params=with_defaults(spec.objective.name, job.params),
        epochs=job.budget.epochs,
        seeds=job.seeds,
        device=settings.device,
        threads=spec.objective.threads,
        data=(spec.data.name, spec.data.train_size) if spec.data else None,
        data_folder=settings.data_folder,
        claim=spec.claim,
        parent=parent,
        is_final=bool(spec.data and spec.data.final),
    )


def _kept(model: bytes, path: Path) -> ModelFile:
    # Durable before the result is: a result that names a model is never without it.
    atomic.make_folder(path.parent)
    atomic.replace(path, model, durable=True)
    return ModelFile(size_bytes=len(model), sha256=hashlib.sha256(model).hexdigest())


class _Parent:
    """The trial's way to the parent process."""

    def __init__(self, request: Evaluate, device: str, connection: Connection, stop: threading.Event) -> None:
        self._request, self._device, self._connection, self._stop = request, device, connection, stop
        self.is_saved = True
        """Whether what was saved last is on disk."""

    def began(self) -> None:
        self._connection.send(Began(self._device, _versions()))

    def resumed(self, curve: Sequence[EpochRecord]) -> None:
        self._connection.send(Resumed(tuple(curve)))

    def epoch_done(self, record: EpochRecord) -> None:
        self._connection.send(EpochDone(record))

    def should_stop(self) -> bool:
        return self._stop.is_set()

    def save(self, checkpoint: Checkpoint) -> None:
        # A full disk costs the checkpoint, not the training that goes on.
        self.is_saved = False
        with suppress(OSError):
            save_checkpoint(self._request.checkpoint, checkpoint, self._request.job)
            self.is_saved = True

    def checkpoints(self) -> Iterable[Checkpoint]:
        return read_checkpoints(self._request.earlier_checkpoints, self._request.job)


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in ("torch", "numpy"):
        if (module := sys.modules.get(name)) is not None:
            versions[name] = str(module.__version__)
    return versions


def _failure(error: Exception) -> FromChild:
    message = storable(f"{type(error).__name__}: {error}", MAX_MESSAGE)
    text = storable("".join(traceback.format_exception(error)), MAX_TRACEBACK)
    torch = sys.modules.get("torch")
    is_device_full = torch is not None and isinstance(error, torch.OutOfMemoryError)
    if is_device_full or _is_host_full(error):
        if torch and torch.cuda.is_initialized():
            torch.cuda.empty_cache()
        return Failed(FailureKind.OUT_OF_MEMORY, message, text, is_device_full)
    if torch and isinstance(error, RuntimeError) and "CUDA error" in message:
        # After a failed kernel every further CUDA call of this process fails too.
        is_full = "CUDA error: out of memory" in message
        return Broken(message, FailureKind.OUT_OF_MEMORY if is_full else FailureKind.WORKER_LOST)
    return Failed(FailureKind.EXCEPTION, message, text)


def _is_host_full(error: Exception) -> bool:
    # PyTorch has no class of its own for want of the host's memory.
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno == ENOMEM)
        or (isinstance(error, RuntimeError) and "DefaultCPUAllocator: " in str(error))
    )
