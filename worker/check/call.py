"""Evaluates a user's own objective for a check, in a child process like a worker's, and notes what it sees."""

import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from hyperspool.common.definitions import Definition
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.output import HALF_BYTES, last_lines
from hyperspool.common.trial_folders import remove_all_saved, saved_of
from hyperspool.common.watch import Wakeup
from hyperspool.worker.check.study import CheckedStudy
from hyperspool.worker.device import Device
from hyperspool.worker.executor import Executor, Listener
from hyperspool.worker.messages import (
    Began,
    ChildSettings,
    EpochAmended,
    EpochDone,
    Evaluate,
    LeftBehind,
    Outcome,
    Progress,
    Resumed,
    Stop,
    Unable,
)
from hyperspool.worker.stopping import StopRequests


@dataclass
class Call(Listener):
    """One evaluation as the worker sees it.

    Attributes:
        stop: where it asks the objective to stop; None: it lets it run.
        stop_after_s: when it asks, in seconds after preparation; None: after the first epoch.
        outcome: how it ended.
        curve: the epochs, with those of a checkpoint.
        resumed_after: the last epoch of the checkpoint that was loaded; None: nothing was loaded.
        left: what the objective did not end.
        prepared_s: seconds until preparation was over.
        trained_s: seconds from then to the end.
        stopping_s: seconds from the request to stop to the end; None: it was not asked.
    """

    stop: StopRequests | None = None
    stop_after_s: float | None = None
    outcome: Outcome = field(default=Unable("it has not been evaluated"), init=False)
    curve: list[EpochRecord] = field(default_factory=list, init=False)
    resumed_after: int | None = field(default=None, init=False)
    left: LeftBehind | None = field(default=None, init=False)
    prepared_s: float = field(default=0.0, init=False)
    trained_s: float = field(default=0.0, init=False)
    stopping_s: float | None = field(default=None, init=False)
    _started_s: float = field(default_factory=time.monotonic, init=False)
    _began_s: float | None = field(default=None, init=False)
    _asked_s: float | None = field(default=None, init=False)
    _printed: bytes = field(default=b"", init=False)

    def hear(self, message: Progress | Stop) -> None:
        """Take in a message from the child, or the `Stop` that was sent to it."""
        match message:
            case Began():
                self._began_s = time.monotonic()
            case Resumed():
                self.curve = list(message.curve)
                self.resumed_after = self.curve[-1].epoch if self.curve else 0
            case EpochDone():
                self.curve.append(message.record)
                if self.stop and self.stop_after_s is None:
                    self.stop.is_requested = True
            case EpochAmended():
                self.curve[-1:] = [message.record]
            case LeftBehind():
                self.left = message
            case Stop():
                self._asked_s = time.monotonic()

    def take(self, output: bytes) -> None:
        """Take in what was printed."""
        self._printed = (self._printed + output)[-HALF_BYTES:]

    def tick(self) -> bool:
        """Ask to stop when it is time to."""
        if self.stop and self.stop_after_s is not None and self._began_s is not None:
            self.stop.is_requested |= time.monotonic() - self._began_s >= self.stop_after_s
        return True

    def end(self, outcome: Outcome) -> None:
        """Note how and when the evaluation ended."""
        now_s = time.monotonic()
        began_s = self._began_s or now_s
        self.outcome, self.prepared_s, self.trained_s = outcome, began_s - self._started_s, now_s - began_s
        self.stopping_s = None if self._asked_s is None else now_s - self._asked_s

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last lines that were printed."""
        return last_lines(self._printed)


class Caller:
    """Evaluates an objective again and again, always the same trial. Use it as a context.

    Args:
        root: an empty folder, which stands for the shared folder.
        definitions: of the user's objectives.
        study: the study of the check.
        device: where to compute.
    """

    def __init__(self, root: Path, definitions: tuple[Definition, ...], study: CheckedStudy, device: Device) -> None:
        self._root, self._study, self._device = root, study, device
        self._folder = StudyFolder(root, study.spec.name)
        self._settings = ChildSettings(device.in_child, definitions, root / "data")
        self._bell = Wakeup()
        self._executor: Executor | None = None
        self._attempts = 0
        self._stop = StopRequests(self._bell)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.renew()
        self._bell.close()

    def renew(self) -> None:
        """End the child; the next call gets a new one."""
        if self._executor is not None:
            self._executor.close()
            self._executor = None
        self._stop = StopRequests(self._bell)

    def call(self) -> Call:
        """Evaluate the trial to its end."""
        return self._evaluate(Call(), ())

    def call_and_stop(self, after_s: float | None) -> Call:
        """Evaluate the trial and ask it to stop.

        Args:
            after_s: when, in seconds after preparation; None: after the first epoch.
        """
        return self._evaluate(Call(self._stop, after_s), ())

    def go_on(self) -> Call:
        """Evaluate the trial in a new child, as the attempt after the last call."""
        self.renew()
        return self._evaluate(Call(), self._saved, goes_on=True)

    @property
    def has_saved(self) -> bool:
        """Whether the last call saved anything to go on from."""
        return bool(self._saved) or any(saved_of(self._folder, Issue(0)).iterdir())

    @property
    def has_checkpoint(self) -> bool:
        """Whether the last call saved by `trial.save`."""
        return bool(self._saved)

    def _evaluate(self, call: Call, earlier: tuple[Path, ...], *, goes_on: bool = False) -> Call:
        if not goes_on:
            remove_all_saved(self._folder)
        if self._executor is None:
            self._executor = Executor(self._device, self._settings, self._bell, self._stop)
        self._attempts += 1
        request = Evaluate(self._study.spec, self._study.job, self._checkpoint, earlier)
        call.end(self._executor.evaluate(request, call))
        return call

    @property
    def _saved(self) -> tuple[Path, ...]:
        path = self._checkpoint
        return (path,) if path.exists() else ()

    @property
    def _checkpoint(self) -> Path:
        return self._root / f"attempt-{self._attempts}"


def peak_memory_bytes() -> int:
    """The most memory that one of the processes held that this process started, as far as they have ended."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
