"""The messages between a worker's parent process and its child, over a pipe that nobody else can reach.

A new kind of message is a dataclass here, one place that sends it and one that hears it. The child sends by
`Parent.tell`, and the parent hears it in `Evaluation.hear`. The parent sends in `Executor`, and the child hears it in
`child._listen`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hyperspool.common.definitions import Definition
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.records import FailureKind, Job, KeptFile, ModelFile, Result
from hyperspool.common.study_spec import StudySpec


@dataclass(frozen=True)
class ChildSettings:
    """The settings that a child gets once, when it starts."""

    device: str
    objectives: tuple[Definition, ...]
    """The user's objectives, from the worker's command line."""
    data_folder: Path
    """In the shared folder."""


@dataclass(frozen=True)
class ProbeDevice:
    """To the child: try the device. The answer is `DeviceFound` or `Unable`."""


@dataclass(frozen=True)
class Evaluate:
    """To the child: evaluate a job. The child sends `Progress` messages, then one `Answer`."""

    spec: StudySpec
    job: Job
    checkpoint: Path
    """Where this attempt saves."""
    earlier_checkpoints: tuple[Path, ...]
    """Checkpoints of earlier attempts, latest first; behind them that of the rung from which the job continues."""
    start: Result | None = None
    """The result of the trial whose kept checkpoint the job starts from; None: the job names none, or it is gone."""

    @property
    def next(self) -> "EvaluateNext":
        """The same for a child that has the study already."""
        return EvaluateNext(self.job, self.checkpoint, self.earlier_checkpoints, self.start)


@dataclass(frozen=True)
class EvaluateNext:
    """To the child: evaluate a job of the same study as the last one. A study takes longer to send than all else."""

    job: Job
    checkpoint: Path
    earlier_checkpoints: tuple[Path, ...]
    start: Result | None

    def of(self, spec: StudySpec) -> Evaluate:
        """The whole request."""
        return Evaluate(spec, self.job, self.checkpoint, self.earlier_checkpoints, self.start)


@dataclass(frozen=True)
class Stop:
    """To the child: save and answer `Stopped` as soon as possible. The worker is leaving, or the trial is pruned."""


@dataclass(frozen=True)
class DeviceFound:
    """The device works."""

    name: str


@dataclass(frozen=True)
class Began:
    """Preparation is over. The time limit counts from here."""

    versions: dict[str, str]
    """Of Python and the libraries that compute."""


@dataclass(frozen=True)
class Resumed:
    """The epochs of a checkpoint. They replace the whole curve."""

    curve: tuple[EpochRecord, ...]


@dataclass(frozen=True)
class EpochDone:
    """The next line of the curve."""

    record: EpochRecord


@dataclass(frozen=True)
class EpochAmended:
    """The last line of the curve again, with what was measured for the same epoch since."""

    record: EpochRecord


@dataclass(frozen=True)
class LeftBehind:
    """The objective has returned, but had started what it did not end. The next trial gets a new child."""

    processes: tuple[str, ...]
    """How they were called; they were ended."""
    threads: tuple[str, ...]
    """Their names; they still run."""


@dataclass(frozen=True)
class Finished:
    """The objective returned its value."""

    value: float
    is_diverged: bool
    metrics: Mapping[str, float] = field(default_factory=dict)
    model: ModelFile | None = None
    files: tuple[KeptFile, ...] = ()


@dataclass(frozen=True)
class Failed:
    """The attempt failed. The child says so, or the parent when the child died or ran too long."""

    kind: FailureKind
    message: str
    traceback: str | None = None
    is_child_lost: bool = False
    """The child died, or cannot go on because its CUDA context is lost. The next job gets a new child."""
    is_device_full: bool = False
    """Of an out-of-memory failure: the GPU's memory ran out, not the host's."""
    is_memory_shared: bool = False
    """Of an out-of-memory failure: another trial used the same memory. Only the parent can know."""
    last_lines: tuple[str, ...] = ()
    """The last lines that the attempt printed, safe to show. Only the parent knows them."""
    files: tuple[KeptFile, ...] = ()
    """What the trial kept before it failed; empty if its process died."""

    @property
    def printed(self) -> str:
        """The last lines, to stand behind the message; empty if there are none."""
        return "".join(f"\n  {line}" for line in ("it printed last:", *self.last_lines)) if self.last_lines else ""


@dataclass(frozen=True)
class Stopped:
    """The attempt ended on request. It is not saved if the disk refused the checkpoint or the child was killed."""

    is_saved: bool = True
    reason: str = ""
    """How it ended, if it failed after the request: its own processes may have got the same signal."""


@dataclass(frozen=True)
class Pruned:
    """The attempt ended because the master gave the trial up. Only the parent can know."""

    value: float
    """What it measured last."""


@dataclass(frozen=True)
class Unable:
    """This worker cannot evaluate the job: data, a device or an objective is missing. Another worker may have them."""

    reason: str


@dataclass(frozen=True)
class Abandoned:
    """The claim was lost meanwhile, so the parent killed the child. Another worker evaluates the job."""


ToChild = ProbeDevice | Evaluate | EvaluateNext | Stop
Progress = Began | Resumed | EpochDone | EpochAmended | LeftBehind
Answer = Finished | Failed | Stopped | Unable
FromChild = DeviceFound | Progress | Answer
Outcome = Answer | Pruned | Abandoned
"""How an attempt ends."""


def storable(text: str, limit: int) -> str:
    """Make a text fit for a JSON file: escape what is not Unicode, and cut the middle out of a text that is too long.

    Args:
        text: any text, such as an error message with lone surrogates.
        limit: characters to keep.
    """
    clean = text.encode(errors="backslashreplace").decode()
    if len(clean) <= limit:
        return clean
    half = limit // 2
    return f"{clean[:half]} [...] {clean[-half:]}"
