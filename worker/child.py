"""The child process: evaluates one job after another for its parent, and ends when the parent does.

It is started by spawn, so it inherits neither the parent's locks nor its threads. It never touches a job, a lock or a
result. In the shared folder it reads and writes only checkpoints, the model of a final evaluation and data sets.
"""

import ctypes
import hashlib
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from errno import ENOMEM
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from hyperspool.common import atomic
from hyperspool.common.errors import UnableError
from hyperspool.common.final import model_path
from hyperspool.common.objectives import with_defaults
from hyperspool.common.records import FailureKind, ModelFile
from hyperspool.worker.checkpoint import Checkpoint, read_checkpoints, save_checkpoint
from hyperspool.worker.messages import (
    Answer,
    ChildSettings,
    DeviceFound,
    Evaluate,
    Failed,
    Finished,
    FromChild,
    ProbeDevice,
    Progress,
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
    os.setsid()  # a group of its own, so that the parent can also kill what an objective started
    _ignore_signals()
    _die_with(parent_pid)
    stop = threading.Event()
    inbox: queue.SimpleQueue[ProbeDevice | Evaluate] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, inbox, stop), daemon=True).start()
    while True:
        request = inbox.get()
        answer: FromChild
        if isinstance(request, ProbeDevice):
            answer = _probe(settings)
        else:
            answer = evaluate(request, settings, connection.send, stop.is_set)
        try:
            connection.send(answer)
        except OSError:
            # RACE: the parent died while this process evaluated. If neither the listening thread nor the kernel has
            # ended this process yet, it gets here. Nobody wants the answer, and a traceback would look like a fault.
            _end_group()


def _end_group() -> NoReturn:
    """End this process and everything that an objective started: this process leads a group of its own."""
    os.killpg(0, signal.SIGKILL)
    raise AssertionError("SIGKILL did not end this process")


def _ignore_signals() -> None:
    # Slurm's scancel signals every process of a step. Only the parent obeys; it sends this process a `Stop`.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})


def _die_with(parent_pid: int) -> None:
    # The listening thread sees the end of the pipe when the parent is gone, but a long call into C can keep that thread
    # from running. On Linux the kernel therefore kills this process as soon as its parent dies.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # RACE: the parent died before prctl was called, so no signal will come. This process then has another parent.
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


def _probe(settings: ChildSettings) -> DeviceFound | Unable:
    from hyperspool.worker.training.runtime import configure, device_name

    try:
        return DeviceFound(device_name(configure(settings.device, threads=1)))
    except (ValueError, RuntimeError) as error:
        return Unable(str(error))


def evaluate(
    request: Evaluate, settings: ChildSettings, tell: Callable[[Progress], None], should_stop: Callable[[], bool]
) -> Answer:
    """Evaluate a job.

    Args:
        request: the job.
        settings: of this process.
        tell: sends the parent a message.
        should_stop: whether the parent has asked to stop.
    """
    parent = _Parent(request, tell, should_stop)
    try:
        objective = find_objective(request.spec.objective.name, settings.objectives)
        measured = objective(_trial(request, settings, parent))
        model = _write_model(measured.model, model_path(request.checkpoint)) if measured.model else None
    except TrialStopped:
        return Stopped(is_saved=parent.is_saved)
    except UnableError as error:
        return Unable(str(error))
    except Exception as error:  # noqa: BLE001 - any error of the objective ends the attempt, not the worker
        return _failure(error)
    return Finished(measured.value, measured.is_diverged, measured.metrics, model)


def _trial(request: Evaluate, settings: ChildSettings, parent: "_Parent") -> Trial:
    spec, job = request.spec, request.job
    return Trial(
        params=with_defaults(spec.objective.name, job.params),
        epochs=job.budget.epochs,
        full_epochs=job.horizon_epochs,
        seeds=job.seeds,
        device=settings.device,
        threads=spec.objective.threads,
        data=(spec.data.name, spec.data.train_size) if spec.data else None,
        data_folder=settings.data_folder,
        claim=spec.claim,
        parent=parent,
        is_final=bool(spec.data and spec.data.final),
    )


def _write_model(model: bytes, path: Path) -> ModelFile:
    # Flushed to disk before the result is written, so that a result never names a model that is not there.
    atomic.make_folder(path.parent)
    atomic.replace(path, model, durable=True)
    return ModelFile(size_bytes=len(model), sha256=hashlib.sha256(model).hexdigest())


class _Parent:
    """Connects a trial to the parent process and to the trial's checkpoints."""

    def __init__(self, request: Evaluate, tell: Callable[[Progress], None], should_stop: Callable[[], bool]) -> None:
        self._request = request
        self.tell, self.should_stop = tell, should_stop
        self.is_saved = True
        """Whether the latest checkpoint is on disk."""

    def save(self, checkpoint: Checkpoint) -> None:
        # A full disk costs this checkpoint, not the training, which continues.
        self.is_saved = False
        with suppress(OSError):
            save_checkpoint(self._request.checkpoint, checkpoint, self._request.job)
            self.is_saved = True

    def checkpoints(self) -> Iterable[Checkpoint]:
        return read_checkpoints(self._request.earlier_checkpoints, self._request.job)


def _failure(error: Exception) -> Failed:
    message = storable(f"{type(error).__name__}: {error}", MAX_MESSAGE)
    text = storable("".join(traceback.format_exception(error)), MAX_TRACEBACK)
    torch = sys.modules.get("torch")
    is_device_full = torch is not None and isinstance(error, torch.OutOfMemoryError)
    if is_device_full or _is_host_full(error):
        if torch and torch.cuda.is_initialized():
            torch.cuda.empty_cache()
        return Failed(FailureKind.OUT_OF_MEMORY, message, text, is_device_full=is_device_full)
    if torch and isinstance(error, RuntimeError) and "CUDA error" in message:
        # After a failed CUDA kernel every further CUDA call of this process fails too.
        is_full = "CUDA error: out of memory" in message
        kind = FailureKind.OUT_OF_MEMORY if is_full else FailureKind.WORKER_LOST
        return Failed(kind, message, is_child_lost=True, is_device_full=is_full)
    return Failed(FailureKind.EXCEPTION, message, text)


def _is_host_full(error: Exception) -> bool:
    # PyTorch has no error class of its own for the host running out of memory.
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno == ENOMEM)
        or (isinstance(error, RuntimeError) and "DefaultCPUAllocator: " in str(error))
    )
