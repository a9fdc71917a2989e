"""An executor with everything that it needs, for its tests."""

from pathlib import Path
from typing import Any

from hyperspool.common.definitions import OwnObjectives
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.watch import Wakeup
from hyperspool.worker.device import Device
from hyperspool.worker.executor import Executor, Listener
from hyperspool.worker.messages import (
    Began,
    ChildSettings,
    EpochDone,
    Evaluate,
    LeftBehind,
    Outcome,
    Progress,
    Resumed,
    Stop,
)
from hyperspool.worker.stopping import StopRequests
from tests import programs
from tests.conftest import job_of, spec_of

NAMES = (
    "square",
    "waiting",
    "deaf",
    "suicidal",
    "dies_first",
    "raising",
    "hungry",
    "resuming",
    "misreporting",
    "not_a_number",
    "leaves_a_grandchild",
    "verbose",
    "breaks_cuda",
    "dies_at_import",
)


class Follower(Listener):
    """Notes the messages of an evaluation; can stop it, or lose its claim after it has begun."""

    def __init__(self, stop: StopRequests) -> None:
        self._stop = stop
        self.began_with: Began | None = None
        self.epochs: list[EpochRecord] = []
        self.curve: tuple[EpochRecord, ...] = ()
        self.times_stopped = 0
        self.stop_at_first_epoch = False
        self.keeps_claim = True
        self.printed = b""
        self.left: LeftBehind | None = None

    def hear(self, message: Progress | Stop) -> None:
        match message:
            case Began():
                self.began_with = message
            case Resumed():
                self.curve = message.curve
            case EpochDone():
                self.epochs.append(message.record)
                self._stop.is_requested = self.stop_at_first_epoch
            case LeftBehind():
                self.left = message
            case Stop():
                self.times_stopped += 1

    def take(self, output: bytes) -> None:
        self.printed += output

    def tick(self) -> bool:
        return self.keeps_claim or self.began_with is None


class Bench:
    """An executor and everything that it needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bell = Wakeup()
        self.stop = StopRequests(self.bell)
        self.follower = Follower(self.stop)
        targets = (*(f"{name}=tests.objectives:{name}" for name in NAMES), *programs.TARGETS)
        objectives = OwnObjectives(targets).definitions()
        self.settings = ChildSettings("cpu", objectives, folder)
        self.executor = Executor(Device("cpu", ""), self.settings, self.bell, self.stop)

    def evaluate(
        self,
        objective: str,
        x: float = 0.5,
        earlier: tuple[Path, ...] = (),
        more: dict[str, Any] | None = None,
        **limits: Any,
    ) -> Outcome:
        spec = spec_of(objective={"name": objective} | (more or {}), limits=limits)
        request = Evaluate(spec, job_of(params={"x": x}), self.folder / "saved.pt", earlier)
        return self.executor.evaluate(request, self.follower)

    @property
    def notes(self) -> list[str]:
        """The lines that objectives have noted."""
        return (self.folder / "notes").read_text().splitlines()

    @property
    def child_pid(self) -> int:
        assert self.executor._child is not None
        pid = self.executor._child.process.pid
        assert pid is not None
        return pid
