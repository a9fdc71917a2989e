"""The parent's side of the child process: starts it, hears it, stops it, and survives its failures.

The parent stays light (no torch). In one thread it waits for the child's messages, the child's end and the bell that
signals ring, and wakes up every `TICK_S` to show that it lives.
"""

import atexit
import logging
import signal
from contextlib import suppress

from hyperspool.common.records import FailureKind
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.watch import Wakeup
from hyperspool.worker.child_process import ChildProcess, how_it_ended, variables_of
from hyperspool.worker.code import ObjectiveCode
from hyperspool.worker.device import Device
from hyperspool.worker.early_child import EarlyChild
from hyperspool.worker.ending import TICK_S, Ending
from hyperspool.worker.guardian import Guardian
from hyperspool.worker.memory import MemoryKills
from hyperspool.worker.messages import (
    Abandoned,
    Began,
    ChildSettings,
    DeviceFound,
    Evaluate,
    Failed,
    FromChild,
    LeftBehind,
    Outcome,
    ProbeDevice,
    Progress,
    Stop,
    Stopped,
    Unable,
)
from hyperspool.worker.stopping import StopRequests

ENDED_BY_SIGNALS = frozenset({FailureKind.EXCEPTION, FailureKind.WORKER_LOST})
"""Failures that a signal to every process of a trial can cause."""

logger = logging.getLogger(__name__)


class Listener:
    """The parent's side of a conversation. This base class ignores all messages and keeps the claim.

    Attributes:
        code: the digest of the code that the child runs, once it is known; None for the networks.
    """

    code: str | None = None

    def hear(self, message: Progress | Stop) -> None:
        """Take in a message from the child, or the `Stop` that was sent to it."""

    def take(self, output: bytes) -> None:
        """Take in what the child, or what it started, has printed."""

    def tick(self) -> bool:
        """Show a sign of life, about every `TICK_S`; return False to drop the evaluation because the claim is lost."""
        return True

    def is_pruned(self) -> bool:
        """Whether to end the evaluation because its trial is not worth going on with."""
        return False


class Errands:
    """What the parent does while the child evaluates. This base class has nothing to do."""

    def due_in_s(self) -> float:
        """How long that may still wait."""
        return float("inf")

    def do_if_due(self) -> None:
        """Do what is due now."""


class Executor:
    """Owns the child process. Call `close` at the end.

    Args:
        device: fixed for the life of the worker.
        settings: for every child.
        bell: rung by signals.
        stop: the requests to stop; an urgent one kills the child without grace.
        early: a child that was started before; None: it is started when it is needed.
        kills: counts the kernel's out-of-memory kills.

    Attributes:
        errands: done while the child evaluates.
    """

    def __init__(
        self,
        device: Device,
        settings: ChildSettings,
        bell: Wakeup,
        stop: StopRequests,
        early: EarlyChild | None = None,
        kills: MemoryKills | None = None,
    ) -> None:
        self._device, self._settings, self._bell, self._stop = device, settings, bell, stop
        self.errands, self._kills = Errands(), kills or MemoryKills()
        self._sent: StudySpec | None = None
        """The study that the child has."""
        self._child, self._guardian = early.hand_over() if early else (None, Guardian())
        self._settle(self._child)
        # Before multiprocessing's own end, which would wait for a child that nobody ended.
        atexit.register(self.close)
        self._code = ObjectiveCode(settings.objectives)
        self._loaded: dict[str, str | None] = {}
        """By objective: the digest of the code that the child may have loaded."""

    def probe_device(self) -> DeviceFound | Unable | Stopped:
        """Start the child and let it try the device."""
        answer = self._converse(ProbeDevice(), Listener(), limit_s=None)
        if isinstance(answer, DeviceFound | Unable | Stopped):
            return answer
        return Unable(f"the device {self._device.name} could not be tried: {answer}")

    def evaluate(self, request: Evaluate, listener: Listener) -> Outcome:
        """Let the child evaluate a job and return how that ended. A child that cannot go on is replaced next time.

        Raises:
            OSError: no child could be started.
        """
        objective = request.spec.objective
        if self._child is not None and self._child.threads != objective.threads:
            self._end(Listener())  # libraries read the number of threads when they are loaded
        code = {name: self._code.digest(name) for name in {*self._loaded, objective.name}}
        if changed := [name for name, digest in self._loaded.items() if code[name] != digest]:
            logger.info("the code of %s has changed: the evaluating process starts anew", " and ".join(changed))
            self._end(Listener())
        listener.code = code[objective.name]
        answer = self._converse(request, listener, request.spec.limits.time_limit_s, objective.threads)
        self._loaded[objective.name] = listener.code
        if objective.fresh_process:
            self._end(listener)
        if isinstance(answer, DeviceFound):
            raise TypeError("a child answered a job with its device")
        if isinstance(answer, Failed) and self._stop.is_requested and answer.kind in ENDED_BY_SIGNALS:
            # Whoever asked the worker to stop may have signalled every process, and the trial's own ones obeyed.
            return Stopped(is_saved=False, reason=answer.message)
        return answer

    def close(self) -> None:
        """End the child."""
        self._end(Listener())
        self._guardian.close()
        atexit.unregister(self.close)

    def _end(self, listener: Listener) -> int | None:
        # Ends the child with all that it started. What they printed is heard.
        child, self._child = self._child, None
        self._loaded.clear()
        if child is None:
            return None
        exitcode = child.kill()
        for chunk in child.output.drain():
            listener.take(chunk)
        child.output.close()
        return exitcode

    def _converse(
        self, request: ProbeDevice | Evaluate, listener: Listener, limit_s: float | None, threads: int = 1
    ) -> Outcome | DeviceFound:
        had_child = self._child is not None
        ending = Ending(limit_s)
        answer = self._exchange(self._send(request, threads), listener, ending)
        if isinstance(answer, Failed) and answer.is_child_lost and had_child and not ending.has_begun:
            # The child died of an earlier trial, or while it had nothing to do. That is not this trial's fault.
            answer = self._exchange(self._send(request, threads), listener, ending)
        return answer

    def _exchange(self, child: ChildProcess, listener: Listener, ending: Ending) -> Outcome | DeviceFound:
        while True:
            message = self._wait(child, listener, ending)
            if isinstance(message, Began):
                ending.begin()
            if isinstance(message, LeftBehind):
                ending.is_child_spent = True
            if isinstance(message, Progress):
                listener.hear(message)
            elif message is not None:
                self._hear_the_last(child, listener, is_child_spent=ending.is_child_spent or _is_child_lost(message))
                return message
            self.errands.do_if_due()
            if outcome := self._end_if_due(child, listener, ending):
                return outcome

    def _hear_the_last(self, child: ChildProcess, listener: Listener, *, is_child_spent: bool) -> None:
        # What the trial printed was in the pipe before its answer was.
        if is_child_spent:
            self._end(listener)
            return
        for chunk in child.output.drain():
            listener.take(chunk)

    def _end_if_due(self, child: ChildProcess, listener: Listener, ending: Ending) -> Outcome | None:
        # Ends an evaluation that is to stop, has used up its time, or has lost its claim.
        outcome: Outcome | None = None
        if (self._stop.is_requested or listener.is_pruned()) and not ending.is_stopping:
            ending.ask_to_stop(child.connection)
            listener.hear(Stop())
        if ending.is_grace_over(is_urgent=self._stop.is_urgent):
            outcome = Stopped(is_saved=False)
        elif ending.is_over():
            outcome = Failed(FailureKind.TIME_LIMIT, f"it ran longer than {ending.limit_s:g} s and was stopped")
        elif not listener.tick():
            outcome = Abandoned()
        if outcome is not None:
            self._end(listener)
        return outcome

    def _wait(self, child: ChildProcess, listener: Listener, ending: Ending) -> FromChild | None:
        # Waits for the child's next message, its end, the bell, or `TICK_S`. What is printed meanwhile is passed on.
        rest_s, output = child.output.rest_s(), child.output.fileno()
        timeout_s = min(ending.timeout_s(), rest_s or TICK_S, self.errands.due_in_s())
        ready = child.ready(self._bell.fileno(), timeout_s, with_output=not rest_s)
        if self._bell.fileno() in ready:
            self._bell.reset()  # before the requests to stop are looked at, so that a later ring ends the next wait
        self._kills.look()
        if output in ready:
            listener.take(child.output.read())
        if child.connection.fileno() in ready:  # before its end, because a child may die right after its answer
            with suppress(EOFError, OSError):
                message: FromChild = child.connection.recv()
                return message
            child.wait_for_end()
            return self._lost(listener)
        return None if child.is_alive() else self._lost(listener)

    def _send(self, request: ProbeDevice | Evaluate, threads: int) -> ChildProcess:
        self._kills.begin()  # before the child has the request: it may be killed in the next moment
        if self._child is not None and self._child.is_alive():
            with suppress(OSError):
                self._ask(self._child, request)
                return self._child
        self._end(Listener())
        self._child = ChildProcess(variables_of(self._device, threads), threads, self._guardian)
        self._settle(self._child)
        with suppress(OSError):  # the child died at once, and `_exchange` will find that out
            self._ask(self._child, request)
        return self._child

    def _ask(self, child: ChildProcess, request: ProbeDevice | Evaluate) -> None:
        if isinstance(request, ProbeDevice):
            child.connection.send(request)
            return
        child.connection.send(request.next if request.spec is self._sent else request)
        self._sent = request.spec

    def _settle(self, child: ChildProcess | None) -> None:
        # The first that a child reads.
        self._sent = None
        with suppress(OSError):  # it died at once, and the first request finds that out
            if child is not None:
                child.connection.send(self._settings)

    def _lost(self, listener: Listener) -> Failed:
        exitcode = self._end(listener)
        if exitcode == -signal.SIGKILL and self._kills.has_risen():
            reason = "the evaluating process was killed by the kernel because memory ran out"
            return Failed(FailureKind.OUT_OF_MEMORY, reason, is_child_lost=True)
        return Failed(FailureKind.WORKER_LOST, how_it_ended(exitcode), is_child_lost=True)


def _is_child_lost(message: FromChild) -> bool:
    return isinstance(message, Failed) and message.is_child_lost
