"""Several trials at once on one device: a supervisor around whole workers, one for each slot.

Each slot is a worker as any other, with a name, claims and a heartbeat of its own, so the protocol knows nothing of
slots. This process claims nothing: it starts the slots, passes on requests to stop, replaces slots that die, and with
`auto` measures how many pay. When it is killed, the end of their standard input asks the slots to save and leave.
"""

import logging
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hyperspool.common.errors import UsageError
from hyperspool.common.gpus import gpu_use
from hyperspool.common.invocation import own_process
from hyperspool.common.slots import slot_count
from hyperspool.common.watch import Wakeup
from hyperspool.worker.device import Device
from hyperspool.worker.lifetime import Life, Lifetime
from hyperspool.worker.slot_count import Choice, Ended, Measuring, most_in_memory
from hyperspool.worker.stopping import StopRequests

MAX_RESTARTS = 20
"""How many dead slots are replaced, over all slots."""
WRONG_USAGE = 2
"""A worker's exit status if it can serve nothing. A restart would not help."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SlotSettings:
    """What the slots have in common.

    Attributes:
        arguments: of the worker's command line, as it was given; what is added to it wins.
        name: of the worker; a slot's name is this, a dot, and its number.
        device: chosen already.
        count: how many slots; None: as many as pay.
        life: how many trials all slots together evaluate, and when they leave.
        exit_with_stdin: leave when standard input ends.
        stopped_status: the exit status after a request to stop while work is open.
    """

    arguments: Sequence[str]
    name: str
    device: Device
    count: int | None
    life: Life
    exit_with_stdin: bool
    stopped_status: int


def count_of_slots(wish: str, trials: int | None) -> int | None:
    """Return the number of slots that `--slots` asks for; None for `auto`.

    Raises:
        UsageError: it is neither, or `auto` comes with a number of trials.
    """
    count = slot_count(wish)
    if count is None and trials is not None:
        raise UsageError("--slots auto takes no --trials, because it needs many to measure; give --slots a number")
    return count


def shares(trials: int | None, slots: int) -> list[int | None]:
    """Divide a number of trials among slots; a slot whose share is 0 is not needed."""
    if trials is None:
        return [None] * slots
    return [trials // slots + (slot < trials % slots) for slot in range(slots)]


class Slots:
    """Runs the slots of one device until all have left. `run` returns the process's exit status."""

    def __init__(self, settings: SlotSettings) -> None:
        self._settings = settings
        self._bell = Wakeup()
        self._stop = StopRequests(self._bell)
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._lifetime = Lifetime(settings.life)
        self._shares = shares(settings.life.trials, settings.count) if settings.count else []
        self._statuses: list[int] = []
        self._superfluous: set[int] = set()
        self._restarts = 0
        self._measuring = self._measure() if settings.count is None else None

    def run(self) -> int:
        """Run the slots.

        Returns:
            0 if nothing is left to do; the settings' `stopped_status` if the slots were asked to stop while work is
            open, or their time is over and one came further; 2 if one can serve nothing; 1 if more died than are
            replaced, or none came further in its time.
        """
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a signal that Python handles rings the bell
        self._stop.listen(to_stdin=self._settings.exit_with_stdin)
        for slot in range(self._settings.count or 1):
            if not self._shares or self._shares[slot] != 0:
                self._start(slot)
        asked = urgently = False
        while self._running:
            self._wait()
            self._look_after()
            if self._stop.is_requested and (not asked or self._stop.is_urgent != urgently):
                asked, urgently = True, self._stop.is_urgent
                for slot in self._running:
                    self._ask_to_stop(slot)
        return self._status()

    def _measure(self) -> "_News":
        gpu = self._settings.device.visible
        if not gpu:
            cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
            return _News(Measuring(lambda _slots: cores, time.monotonic))
        before = gpu_use(gpu)
        return _News(Measuring(lambda slots: most_in_memory(before, gpu_use(gpu), slots), time.monotonic))

    def _start(self, slot: int) -> None:
        command = [*own_process("worker"), *self._settings.arguments, "--slots", "1", "--exit-with-stdin"]
        command += ["--name", f"{self._settings.name[:94]}.{slot + 1}"]
        if self._shares and (share := self._shares[slot]) is not None:
            command += ["--trials", str(share)]
        if (left_s := self._lifetime.left_s) is not None:  # a slot that is started again has no more than the others
            command += ["--lifetime", f"{max(left_s, 1.0):.3f}"]
        passed = [self._measuring.entrance] if self._measuring else []
        command += ["--ended-to", str(passed[0])] if passed else []
        self._running[slot] = subprocess.Popen(  # noqa: S603 - our own program, with our own arguments
            command, stdin=subprocess.PIPE, pass_fds=passed
        )
        logger.info("slot %d started: process %d", slot + 1, self._running[slot].pid)

    def _ask_to_stop(self, slot: int) -> None:
        with suppress(ProcessLookupError):
            self._running[slot].terminate()

    def _wait(self) -> None:
        descriptors = [self._bell.fileno()] + ([self._measuring.exit] if self._measuring else [])
        ready, _, _ = select.select(descriptors, [], [])
        self._bell.reset()
        if self._measuring and self._measuring.exit in ready:
            slots = {process.pid: slot for slot, process in self._running.items()}
            for choice in self._measuring.choices(slots):
                self._obey(choice)

    def _obey(self, choice: Choice) -> None:
        logger.info("slots: %d%s (%s)", choice.slots, ", settled" if choice.is_final else "", choice.reason)
        if self._stop.is_requested:
            return
        for slot in range(choice.slots):
            if slot not in self._running:
                self._start(slot)
        for slot in list(self._running):
            if slot >= choice.slots:
                self._superfluous.add(slot)
                self._ask_to_stop(slot)

    def _look_after(self) -> None:
        for slot, process in list(self._running.items()):
            if (status := process.poll()) is None:
                continue
            del self._running[slot]
            if process.stdin:
                process.stdin.close()
            is_regular = status in {0, WRONG_USAGE, self._settings.stopped_status}
            if slot in self._superfluous:
                self._superfluous.discard(slot)
            elif is_regular or self._is_ending or self._restarts >= MAX_RESTARTS:
                logger.info("slot %d has left with status %d", slot + 1, status)
                self._statuses.append(status if is_regular else 1)
            else:
                self._restarts += 1
                logger.warning("slot %d ended with status %d; starting it again", slot + 1, status)
                self._start(slot)

    @property
    def _is_ending(self) -> bool:
        return self._stop.is_requested or self._lifetime.is_over

    def _status(self) -> int:
        worst_first = [1, WRONG_USAGE, self._settings.stopped_status]
        if self._lifetime.is_over:  # 1 is a slot that came no further; another turn pays if any of them did
            worst_first = worst_first[1:] + worst_first[:1]
        return next((status for status in worst_first if status in self._statuses), 0)


class _News:
    """The pipe through which the slots say that a trial has ended, in lines of process, seconds and epochs.

    Attributes:
        exit: the descriptor to wait for.
        entrance: the descriptor for the slots.
    """

    def __init__(self, measuring: Measuring) -> None:
        self._measuring, self._rest = measuring, b""
        self.exit, self.entrance = os.pipe()
        os.set_blocking(self.entrance, False)  # a slot never waits for its supervisor

    def choices(self, slots: Mapping[int, int]) -> Iterator[Choice]:
        """Read the lines that have come in, and yield each new choice of the number of slots.

        Args:
            slots: their numbers, from 0, by process.
        """
        *lines, self._rest = (self._rest + os.read(self.exit, 65536)).split(b"\n")
        for line in lines:
            pid, seconds, epochs = line.split()
            if (slot := slots.get(int(pid))) is not None:
                choice = self._measuring.ended(slot, Ended(float(seconds), int(epochs)))
                if choice is not None:
                    yield choice


def mps_note(pipes: str | None) -> str:
    """Say whether CUDA's Multi-Process Service runs here, in which the kernels of several slots run at once.

    Args:
        pipes: CUDA_MPS_PIPE_DIRECTORY, where its programs meet; None: the usual place.
    """
    if (Path(pipes or "/tmp/nvidia-mps") / "control").exists():  # noqa: S108 - CUDA's own place
        return "the Multi-Process Service runs: the slots' kernels run at once"
    return "the Multi-Process Service does not run: the slots take turns on the GPU (nvidia-cuda-mps-control -d)"
