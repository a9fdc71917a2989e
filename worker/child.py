"""The child process: evaluates one job after another for its parent, and ends when the parent does.

It is started by spawn, so it inherits neither the parent's locks nor its threads. It never touches a job, a lock or a
result. In the shared folder it reads and writes only checkpoints, the model of a final evaluation and data sets.

A trial runs in its main thread and may do what a program of its own may do: `worker.surroundings` puts back what it
changed, `worker.leftovers` ends what it left behind.
"""

import hashlib
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from errno import ENOMEM
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from hyperspool.common import atomic
from hyperspool.common.confinement import confine
from hyperspool.common.errors import UnableError
from hyperspool.common.final import model_path
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.objectives import with_defaults
from hyperspool.common.records import FailureKind, KeptFile, ModelFile
from hyperspool.common.trial_folders import files_of, kept_files, remove_if_empty, saved_of
from hyperspool.worker import descendants
from hyperspool.worker.checkpoint import Checkpoint, read_checkpoints, save_checkpoint
from hyperspool.worker.leftovers import Leftovers
from hyperspool.worker.messages import (
    Answer,
    ChildSettings,
    DeviceFound,
    Evaluate,
    EvaluateNext,
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
from hyperspool.worker.objectives.asked import with_asked
from hyperspool.worker.objectives.registry import find_objective
from hyperspool.worker.objectives.trial import Trial, TrialStopped
from hyperspool.worker.surroundings import Surroundings

MAX_MESSAGE = 2000
MAX_TRACEBACK = 20_000
"""Characters."""


def serve(connection: Connection, surroundings: Surroundings) -> None:
    """Evaluate what the parent asks for, until it goes.

    Args:
        connection: the pipe to the parent, which sends this process's `ChildSettings` first.
        surroundings: that every trial finds.
    """
    try:
        settings: ChildSettings = connection.recv()
    except (EOFError, OSError):
        _end_all()  # the parent is gone
    confine(settings.data_folder.parent)
    stop = threading.Event()
    inbox: queue.SimpleQueue[ProbeDevice | Evaluate] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, inbox, stop), daemon=True).start()
    while True:
        request = inbox.get()
        answer: FromChild
        if isinstance(request, ProbeDevice):
            answer = _probe(settings)
        else:
            answer = _evaluate_alone(request, settings, surroundings, connection.send, stop.is_set)
        try:
            connection.send(answer)
        except OSError:
            # RACE: the parent died while this process evaluated. If neither the listening thread nor the guardian has
            # ended this process yet, it gets here. Nobody wants the answer, and a traceback would look like a fault.
            _end_all()


def _end_all() -> NoReturn:
    """End this process and everything that an objective started."""
    descendants.end(os.getpid())
    os.killpg(0, signal.SIGKILL)
    raise AssertionError("SIGKILL did not end this process")


def _listen(connection: Connection, inbox: "queue.SimpleQueue[ProbeDevice | Evaluate]", stop: threading.Event) -> None:
    last: Evaluate | None = None
    while True:
        try:
            message: ToChild = connection.recv()
        except (EOFError, OSError):
            _end_all()  # the parent is gone
        if isinstance(message, Stop):
            stop.set()
            continue
        stop.clear()  # a request that came after its trial's answer is not for the next trial
        if isinstance(message, EvaluateNext):
            if last is None:
                raise TypeError("the first job of a child came without its study")
            message = message.of(last.spec)
        if isinstance(message, Evaluate):
            last = message
        inbox.put(message)


def _probe(settings: ChildSettings) -> DeviceFound | Unable:
    from hyperspool.worker.training.runtime import configure, device_name

    try:
        return DeviceFound(device_name(configure(settings.device, threads=1)))
    except (ValueError, RuntimeError) as error:
        return Unable(str(error))


def _evaluate_alone(
    request: Evaluate,
    settings: ChildSettings,
    surroundings: Surroundings,
    tell: Callable[[Progress], None],
    should_stop: Callable[[], bool],
) -> Answer:
    # Evaluates a job in surroundings that are the same for every trial. What the trial printed is in the pipe before
    # the answer is.
    leftovers, own = Leftovers(), os.getpid()
    objective = request.spec.objective
    with surroundings.of_trial(objective.name, objective.threads):
        answer = evaluate(request, settings, tell, should_stop)
    if os.getpid() != own:  # a fork that the objective made has returned from it too
        os._exit(0 if isinstance(answer, Finished) else 1)
    if left := leftovers.end():
        with suppress(OSError):  # the parent is gone, and sending the answer shows it
            tell(left)
    return answer


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
    parent = TrialParent(request, settings, tell, should_stop)
    try:
        objective = find_objective(request.spec.objective, settings.objectives)
        trial = trial_of(request, settings, parent)
        measured = with_asked(request.spec, objective(trial), trial.curve)
        model = _write_model(measured.model, model_path(request.checkpoint)) if measured.model else None
    except TrialStopped:
        return Stopped(is_saved=parent.is_saved)
    except UnableError as error:
        return Unable(str(error))
    except BaseException as error:  # noqa: BLE001 - also sys.exit and Ctrl-C of the objective end the attempt alone
        return replace(failure_of(error), files=parent.kept_files())
    finally:
        parent.leave()
    return Finished(measured.value, measured.is_diverged, measured.metrics, model, parent.kept_files())


def trial_of(request: Evaluate, settings: ChildSettings, parent: "TrialParent") -> Trial:
    """Return the trial that an objective gets."""
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
        study=spec.name,
        number=job.trial,
        rung=job.rung,
    )


def _write_model(model: bytes, path: Path) -> ModelFile:
    # Flushed to disk before the result is written, so that a result never names a model that is not there.
    atomic.make_folder(path.parent)
    atomic.replace(path, model, durable=True)
    return ModelFile(size_bytes=len(model), sha256=hashlib.sha256(model).hexdigest())


class TrialParent:
    """Connects a trial to the parent process and to the trial's checkpoints."""

    def __init__(
        self,
        request: Evaluate,
        settings: ChildSettings,
        tell: Callable[[Progress], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self._request, self._study = request, StudyFolder(settings.data_folder.parent, request.spec.name)
        self._has_folder = False
        self._saved: Path | None = None
        self.tell, self.should_stop = tell, should_stop
        self.is_saved = True
        """Whether the latest checkpoint is on disk."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint."""
        # A full disk costs this checkpoint, not the training, which continues.
        self.is_saved = False
        with suppress(OSError):
            save_checkpoint(self._request.checkpoint, checkpoint, self._request.job)
            self.is_saved = True

    def folder(self) -> Path:
        """The folder of the files that the trial keeps."""
        self._has_folder = True
        return files_of(self._study, self._request.job.evaluation)

    def checkpoint_folder(self) -> Path:
        """The folder that the next attempt finds again."""
        job = self._request.job
        if self._saved is None:
            self._saved = saved_of(self._study, Issue(job.trial, job.rung, job.issue), job.starts_from)
        return self._saved

    def kept_files(self) -> tuple[KeptFile, ...]:
        """The files that the trial keeps; looked for only if it asked for its folder."""
        if not self._has_folder:
            return ()
        files, problem = kept_files(self._study, self._request.job.evaluation)
        if problem:
            sys.stderr.write(f"{problem}\n")
        return files

    def leave(self) -> None:
        """Remove the folder for files to keep, if it is empty."""
        if self._has_folder:
            remove_if_empty(self._study, self._request.job.evaluation)

    def checkpoints(self) -> Iterable[Checkpoint]:
        """The whole checkpoints of earlier attempts, latest first, then that of the trial that this one starts from."""
        yield from read_checkpoints(self._request.earlier_checkpoints, self._request.job)
        if (start := self._request.start) is not None:
            # RACE: its worker moves the checkpoint to its place just now. Who looks there, here and there finds it.
            kept = self._study.kept_checkpoint(*start.evaluation)
            saved = self._study.checkpoint(AttemptName(Issue(*start.evaluation, start.issue), start.attempt))
            yield from read_checkpoints([kept, saved, kept], start)


def failure_of(error: BaseException) -> Failed:
    """Return how an attempt failed whose objective raised an error."""
    message = storable(f"{type(error).__name__}: {_text_of(error)}", MAX_MESSAGE)
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


def _text_of(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"{error.code or 0} (the objective ended its program instead of returning its value)"
    return str(error)


def _is_host_full(error: BaseException) -> bool:
    # PyTorch has no error class of its own for the host running out of memory.
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno == ENOMEM)
        or (isinstance(error, RuntimeError) and "DefaultCPUAllocator: " in str(error))
    )
