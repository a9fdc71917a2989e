"""The parent's side of the child process that evaluates: starts it, hears it, stops it, and survives whatever it does.

The parent stays light (no torch) and single-threaded: it waits for the child's words, the child's end and the bell that
signals ring, all at once, and wakes up every `TICK_S` to show that it lives.
"""

import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Protocol

from hyperspool.common.records import FailureKind
from hyperspool.common.watch import Wakeup
from hyperspool.worker.child_process import ChildProcess, how_it_ended
from hyperspool.worker.device import Device
from hyperspool.worker.memory import MemoryKills
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
)

TICK_S = 0.5
STOP_GRACE_S = 5.0
"""How long a child may take to save when it is asked to stop; then it is killed. Below the grace that clusters give."""
PREPARE_LIMIT_S = 3600.0
"""How long a child may take before training begins: importing torch, and on first use downloading a data set."""


@dataclass(frozen=True)
class Lost:
    """The child died, or broke in a way that it cannot recover from."""

    reason: str
    kind: FailureKind = FailureKind.WORKER_LOST
    is_device_full: bool = False
    """Of want of memory: the GPU's, not the host's."""


@dataclass(frozen=True)
class TimedOut:
    """The child was killed because the attempt took longer than the study allows."""

    limit_s: float


@dataclass(frozen=True)
class Abandoned:
    """The claim was lost meanwhile; whatever the child did is another worker's to do again."""


Outcome = Finished | Failed | Stopped | Unable | Lost | TimedOut | Abandoned


class StopWish(Protocol):
    """Whether somebody wants the worker to stop."""

    @property
    def is_requested(self) -> bool:
        """Save and stop."""

    @property
    def is_urgent(self) -> bool:
        """Stop without saving."""


class Observer(Protocol):
    """Who follows an evaluation."""

    def began(self, began: Began) -> None:
        """Preparation is over."""

    def resumed(self, resumed: Resumed) -> None:
        """The curve goes on from a checkpoint."""

    def epoch_done(self, done: EpochDone) -> None:
        """The curve has grown by a line."""

    def tick(self) -> bool:
        """Called about every `TICK_S`; False if the claim is lost and the evaluation should be dropped."""

    def stopping(self) -> None:
        """The child has been asked to save and stop."""


class Executor:
    """Owns the child. Start it with the worker, `close` it at the end.

    Args:
        device: fixed for the life of the worker.
        settings: what every child is told.
        bell: rung by signals.
        stop: whether the worker was asked to stop, and how urgently: the child is then killed without grace.
        kills: whether the kernel kills for want of memory.
    """

    def __init__(
        self, device: Device, settings: ChildSettings, bell: Wakeup, stop: StopWish, kills: MemoryKills | None = None
    ) -> None:
        self._device, self._settings, self._bell, self._stop = device, settings, bell, stop
        self._kills = kills or MemoryKills()
        self._child: ChildProcess | None = None

    def probe_device(self) -> DeviceFound | Unable | Stopped:
        """Start the child and let it try the device."""
        answer = self._converse(ProbeDevice(), _Nobody(), limit_s=None)
        if isinstance(answer, DeviceFound | Unable | Stopped):
            return answer
        return Unable(f"the device {self._device.name} could not be tried: {answer}")

    def evaluate(self, request: Evaluate, observer: Observer) -> Outcome:
        """Let the child evaluate a job, and say how that ended. A child that is no longer fit is replaced next time.

        Raises:
            OSError: no child could be started.
        """
        answer = self._converse(request, observer, limit_s=request.spec.limits.time_limit_s)
        if isinstance(answer, DeviceFound):
            raise TypeError("a child answered a job with its device")
        return answer

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _converse(self, request: ToChild, observer: Observer, limit_s: float | None) -> Outcome | DeviceFound:
        had_child = self._child is not None
        ending = _Ending(limit_s)
        answer = self._exchange(request, observer, ending)
        if isinstance(answer, Lost) and had_child and not ending.has_begun:
            # It died of what came before, or while it had nothing to do; that is not this trial's fault.
            answer = self._exchange(request, observer, ending)
        return answer

    def _exchange(self, request: ToChild, observer: Observer, ending: "_Ending") -> Outcome | DeviceFound:
        child = self._send(request)
        self._kills.begin()
        while True:
            ready = wait([child.connection, child.process.sentinel, self._bell.fileno()], timeout=ending.timeout_s())
            self._bell.reset()
            self._kills.look()
            if child.connection in ready:
                answer = self._hear(child, observer, ending)
                if answer is not None:
                    return answer
            elif not child.is_alive():
                return self._lost(child)
            if self._stop.is_requested and not ending.is_stopping:
                ending.ask_to_stop(child.connection)
                observer.stopping()
            if ending.is_grace_over(is_urgent=self._stop.is_urgent):
                self.close()
                return Stopped(is_saved=False)
            if ending.is_over():
                self.close()
                return TimedOut(ending.limit_s)
            if not observer.tick():
                self.close()
                return Abandoned()

    def _send(self, request: ToChild) -> ChildProcess:
        if self._child is not None and self._child.is_alive():
            with suppress(OSError):
                self._child.connection.send(request)
                return self._child
        self.close()
        self._child = ChildProcess(self._device, self._settings)
        with suppress(OSError):  # it died at once, which the first look at it tells
            self._child.connection.send(request)
        return self._child

    def _hear(self, child: ChildProcess, observer: Observer, ending: "_Ending") -> Outcome | DeviceFound | None:
        try:
            message: FromChild = child.connection.recv()
        except (EOFError, OSError):
            return self._lost(child)
        match message:
            case Began():
                ending.begin()
                observer.began(message)
                return None
            case Resumed():
                observer.resumed(message)
                return None
            case EpochDone():
                observer.epoch_done(message)
                return None
            case Broken():
                self.close()
                return Lost(message.reason, message.kind, is_device_full=message.kind is FailureKind.OUT_OF_MEMORY)
            case _:
                return message

    def _lost(self, child: ChildProcess) -> Lost | Stopped:
        self._child = None
        exitcode = child.kill()
        if self._stop.is_requested and exitcode in {-signal.SIGINT, -signal.SIGTERM}:
            return Stopped(is_saved=False)  # the same request reached the child before it could ignore it
        if exitcode == -signal.SIGKILL and self._kills.has_risen():
            return Lost("the evaluating process was killed by the kernel for want of memory", FailureKind.OUT_OF_MEMORY)
        return Lost(how_it_ended(exitcode))


class _Ending:
    """When to put an end to an evaluation: its time limit, and a request to stop."""

    def __init__(self, limit_s: float | None) -> None:
        self.has_begun = False
        self.limit_s = PREPARE_LIMIT_S
        self._limit_s = limit_s
        self._deadline = time.monotonic() + PREPARE_LIMIT_S
        self._kill_at: float | None = None

    def begin(self) -> None:
        self.has_begun = True
        if self._limit_s is not None:
            self.limit_s = self._limit_s
        self._deadline = time.monotonic() + self._limit_s if self._limit_s is not None else float("inf")

    def timeout_s(self) -> float:
        return max(min(TICK_S, self._deadline - time.monotonic()), 0.0)

    def is_over(self) -> bool:
        return time.monotonic() >= self._deadline

    @property
    def is_stopping(self) -> bool:
        """Whether the child was asked to stop."""
        return self._kill_at is not None

    def ask_to_stop(self, connection: Connection) -> None:
        """Ask the child to stop; its grace begins."""
        self._kill_at = time.monotonic() + STOP_GRACE_S
        with suppress(OSError):  # the child has just died, which the next look at it tells
            connection.send(Stop())

    def is_grace_over(self, *, is_urgent: bool) -> bool:
        """Whether the child has had its grace; an urgent request ends it."""
        return self._kill_at is not None and (is_urgent or time.monotonic() >= self._kill_at)


class _Nobody:
    def began(self, began: Began) -> None:
        pass

    def resumed(self, resumed: Resumed) -> None:
        pass

    def epoch_done(self, done: EpochDone) -> None:
        pass

    def tick(self) -> bool:
        return True

    def stopping(self) -> None:
        pass
