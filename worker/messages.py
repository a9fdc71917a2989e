"""What a worker's parent and child say to each other, over a pipe that nobody else can reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hyperspool.common.records import EpochRecord, FailureKind, Job, ModelFile
from hyperspool.common.study_spec import StudySpec


@dataclass(frozen=True)
class ChildSettings:
    """What a child is told once, when it starts."""

    device: str
    objectives: tuple[tuple[str, str], ...]
    """The user's objectives from the worker's command line: name and `module:function`."""
    data_folder: Path


@dataclass(frozen=True)
class ProbeDevice:
    """To the child: say whether the device can be used. Answered by `DeviceFound` or `Unable`."""


@dataclass(frozen=True)
class Evaluate:
    """To the child: evaluate a job. Answered by `Began`, any `Resumed` and `EpochDone`, and one that ends it."""

    spec: StudySpec
    job: Job
    checkpoint: Path
    """Where to save."""
    earlier_checkpoints: tuple[Path, ...]
    """What to go on from: the first that is whole."""


@dataclass(frozen=True)
class Stop:
    """To the child: save and answer `Stopped` as soon as possible. The worker leaves: no job is sent after it."""


@dataclass(frozen=True)
class DeviceFound:
    """The device works."""

    name: str


@dataclass(frozen=True)
class Began:
    """Preparation is over: the time limit counts from here."""

    device: str
    versions: dict[str, str]


@dataclass(frozen=True)
class Resumed:
    """The curve is this now, whatever it was: the epochs that a checkpoint brought along."""

    curve: tuple[EpochRecord, ...]


@dataclass(frozen=True)
class EpochDone:
    """One line of the curve."""

    record: EpochRecord


@dataclass(frozen=True)
class Finished:
    """The objective has measured its value."""

    value: float
    is_diverged: bool
    metrics: Mapping[str, float] = field(default_factory=dict)
    model: ModelFile | None = None


@dataclass(frozen=True)
class Failed:
    """The objective raised an error."""

    kind: FailureKind
    message: str
    traceback: str
    is_device_full: bool = False
    """Of want of memory: the GPU's, not the host's."""


@dataclass(frozen=True)
class Broken:
    """The child cannot go on after this (its CUDA context is lost); the attempt is lost with it."""

    reason: str
    kind: FailureKind = FailureKind.WORKER_LOST


@dataclass(frozen=True)
class Stopped:
    """Ended, as asked; saved, unless the disk refused it or the child had to be killed."""

    is_saved: bool = True


@dataclass(frozen=True)
class Unable:
    """This worker cannot evaluate the job, though another may: data, a device or an objective is missing."""

    reason: str


def storable(text: str, limit: int) -> str:
    """A text that a JSON file can carry: what is no Unicode is escaped, and what is too long is cut in the middle."""
    clean = text.encode(errors="backslashreplace").decode()
    if len(clean) <= limit:
        return clean
    half = limit // 2
    return f"{clean[:half]} [...] {clean[-half:]}"


ToChild = ProbeDevice | Evaluate | Stop
FromChild = DeviceFound | Began | Resumed | EpochDone | Finished | Failed | Broken | Stopped | Unable
