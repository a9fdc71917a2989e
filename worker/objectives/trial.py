"""The interface between an objective and the trial that it evaluates. `Trial` documents it, with an example."""

import platform
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, SupportsFloat, SupportsIndex

from pydantic import ValidationError

from hyperspool.common.epochs import EpochRecord, metric_names, name_problem, size_problem
from hyperspool.common.locks import ClaimMode
from hyperspool.common.records import Seeds
from hyperspool.common.space import Params
from hyperspool.common.validation import explain, shown
from hyperspool.worker.checkpoint import Checkpoint
from hyperspool.worker.messages import Began, EpochAmended, EpochDone, Progress, Resumed
from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.numbers import as_epoch, as_number


class TrialStopped(Exception):  # noqa: N818 - not an error: the worker was asked to stop, and the objective obeys
    """Raised by an objective after it saved its state because `should_stop` returned True."""


class Parent(Protocol):
    """The child's side of the conversation with its parent process, and the trial's checkpoints."""

    def tell(self, message: Progress, /) -> None:
        """Send the parent a message."""

    def should_stop(self) -> bool:
        """Whether the parent has asked to stop."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace this attempt's checkpoint."""

    def folder(self) -> Path:
        """Make the folder for files that the trial keeps."""

    def checkpoint_folder(self) -> Path:
        """Make the folder for what a program saves to go on from."""

    def checkpoints(self) -> Iterable[Checkpoint]:
        """Read the whole checkpoints of earlier attempts, latest first."""


@dataclass
class _Progress:
    """The part of a trial that changes: the curve so far."""

    since_s: float
    curve: list[EpochRecord] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    """The metrics of the curve."""
    has_just_loaded: bool = False
    has_begun: bool = False


@dataclass(frozen=True)
class Trial:
    """One trial, for an objective: a function `f(params, trial)` that returns the trial's value.

    A complete objective, which reports a curve and goes on where an earlier attempt was interrupted:

        def valley(params, trial):
            saved = trial.load()
            state = json.loads(saved) if saved else {"epoch": 0, "x": 0.0}
            while state["epoch"] < trial.epochs:
                state["x"] -= params["learning_rate"] * 2 * (state["x"] - 3)
                state["epoch"] += 1
                trial.report(validation_loss=(state["x"] - 3) ** 2)
                trial.save(json.dumps(state).encode())
            return (state["x"] - 3) ** 2

    The metrics of an epoch may have any names, and a metric may be missing in some epochs. If the study's `measure` is
    the name of one of them, that metric says which epoch is best.

    The value may be anything that `float()` turns into a finite number (a NumPy scalar, a tensor of one number, a
    Decimal), except a text or a truth value. Anything else, and any error that the function raises, fails the trial,
    not the worker. Once the worker was asked to stop, `save` ends the attempt. To save in the middle of an epoch, ask
    `should_stop` and raise `TrialStopped`. What does neither is killed 5 s after the request.

    Attributes:
        params: the hyperparameters; a built-in objective's defaults are filled in.
        epochs: the budget: train up to this epoch.
        seeds: one seed per source of randomness; an objective that uses them gives the same value again.
        device: `cpu` or `cuda:0`.
        threads: CPU threads to compute with.
        data: name of the data set, and its number of training examples (None: the default); None: there is none.
        data_folder: the folder of data sets.
        claim: how the study's workers lock files in the shared folder.
        parent: the worker's parent process; only this class uses it.
        clock: seconds that only go forward.
        is_final: whether to train on the validation part too and to measure on the test part.
        full_epochs: the budget of a trial that was promoted as far as possible; 0: `epochs`.
        study: the study's name.
        number: of the trial in its study, from 0.
        rung: the level of successive halving, from 0.
    """

    params: Params
    epochs: int
    seeds: Seeds
    device: str
    threads: int
    data: tuple[str, int | None] | None
    data_folder: Path
    claim: ClaimMode
    parent: Parent = field(repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    is_final: bool = False
    full_epochs: int = 0
    study: str = ""
    number: int = 0
    rung: int = 0
    _progress: _Progress = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_progress", _Progress(self.clock()))

    @property
    def horizon(self) -> int:
        """How many epochs schedules span: `epochs`, or more if the trial can be promoted.

        A trial that was promoted goes on from its last checkpoint with more epochs, so an objective saves one after the
        last epoch too.
        """
        return self.full_epochs or self.epochs

    @property
    def curve(self) -> tuple[EpochRecord, ...]:
        """The epochs so far, with those of a checkpoint that was loaded."""
        return tuple(self._progress.curve)

    @property
    def folder(self) -> Path:
        """A folder for files that the trial keeps, the same for every attempt at it.

        The result lists the files that are there at the end, with size and digest: at most 100, and 1 GiB in all.
        """
        return self.parent.folder()

    @property
    def checkpoint_folder(self) -> Path:
        """A folder for files to go on from, for programs that save by themselves.

        The next attempt finds what an interrupted one left there, and so do the next rung and a trial that starts from
        this one. It goes when the trial is complete.
        """
        return self.parent.checkpoint_folder()

    def report(
        self,
        *,
        # A float is refused, but its type is allowed, so that type checkers accept `**metrics` of floats.
        epoch: SupportsIndex | SupportsFloat | None = None,
        seconds: SupportsFloat | None = None,
        **metrics: SupportsFloat,
    ) -> None:
        """Add a line to the trial's curve: `trial.report(accuracy=0.9, f1=0.8)`.

        Args:
            epoch: the epoch's number, above that of the last report. Default: the next number, also after `load`.
            seconds: how long the epoch took. Default: the time since the last report, or since the evaluation began.
            **metrics: numbers under any names, at most `MAX_METRICS` different ones in a curve: anything that `float()`
                accepts, including NaN and infinity. Leave out what was not measured after this epoch.

        Raises:
            TypeError: a value is not a number.
            ValueError: an epoch that is not above the last one, seconds that are negative or not finite, or a name that
                no metric can have.
        """
        now_s, found = self.clock(), "trial.report: {}: found"
        number = self._next_epoch() if epoch is None else as_epoch(epoch, found.format("epoch"))
        took_s = now_s - self._progress.since_s if seconds is None else as_number(seconds, found.format("seconds"))
        for name in metrics:
            if problem := name_problem(name):
                raise ValueError(f"trial.report: {problem}")
        numbers = {name: as_number(value, found.format(name)) for name, value in metrics.items()}
        try:
            record = EpochRecord(epoch=number, seconds=took_s, metrics=numbers)
        except ValidationError as error:
            raise ValueError(f"trial.report: {'; '.join(explain(error, EpochRecord))}") from None
        self.report_epoch(record)

    def save(self, payload: bytes) -> None:
        """Save a checkpoint with the curve so far; it replaces this attempt's last one. Report an epoch, then save it.

        Raises:
            TrialStopped: the worker was asked to stop, and now nothing is lost. Let it pass.
            TypeError: `payload` is not bytes.
        """
        if not isinstance(payload, bytes):
            raise TypeError(
                f"trial.save takes bytes, found {shown(payload)} of type {type(payload).__name__}; make bytes of it, "
                "by json.dumps(...).encode() or torch.save"
            )
        self.keep(payload)
        if self.parent.should_stop():
            raise TrialStopped

    def keep(self, payload: bytes) -> None:
        """For built-in objectives: `save`, after which they decide by themselves whether to stop."""
        self.parent.save(Checkpoint(payload, tuple(self._progress.curve)))

    def load(self) -> bytes | None:
        """Return the latest whole checkpoint of an earlier attempt, or of what it goes on from; None: there is none.

        The curve continues from the checkpoint: it holds the epochs that were reported before the save, and `report`
        counts on from the last of them. An objective that starts over nevertheless reports `epoch=1`, which drops them.
        The checkpoint lies in the shared folder, where others may write. Read it with something that executes no
        code, such as `json.loads` or `torch.load(..., weights_only=True)`, not with pickle.
        """
        for checkpoint in self.parent.checkpoints():
            self._resume(checkpoint.curve)
            self._progress.has_just_loaded = True
            return checkpoint.payload
        return None

    def should_stop(self) -> bool:
        """Whether to save and raise `TrialStopped` now. The call is cheap; ask between mini-batches."""
        return self.parent.should_stop()

    def begin(self, resumed: Sequence[EpochRecord] = ()) -> None:
        """Say that preparation is over: the first epoch's seconds count from here.

        Without it they count from the call of the objective. Only the built-in objectives give `resumed`, the epochs of
        the checkpoint, and only for them does the study's time limit count from here.
        """
        if not self._progress.has_begun:
            self._progress.has_begun = True
            self.parent.tell(Began(_versions()))
        self._progress.since_s = self.clock()
        if resumed:
            self._resume(resumed)

    def report_epoch(self, record: EpochRecord) -> None:
        """For built-in objectives: `report` with a whole record.

        Raises:
            ValueError: the epoch is not above the last one, or the curve would be longer than a curve may be.
        """
        progress, kept, names = self._progress, self._progress.curve, self._progress.names
        if record.epoch < self._next_epoch():
            if not progress.has_just_loaded:
                raise ValueError(f"trial.report: epoch: found {record.epoch}, expected a number above {kept[-1].epoch}")
            kept = [epoch for epoch in kept if epoch.epoch < record.epoch]
            names = dict.fromkeys(metric_names(kept))
        if problem := size_problem(len(kept) + 1, len(names | dict.fromkeys(record.metrics))):
            raise ValueError(f"trial.report: {problem}; report fewer names, or every tenth epoch, say")
        if kept is not progress.curve:
            self._resume(kept)
        self._progress.has_just_loaded = False
        self._progress.since_s = self.clock()
        self._progress.curve.append(record)
        self._progress.names |= dict.fromkeys(record.metrics)
        self.parent.tell(EpochDone(record))

    def amend_epoch(self, record: EpochRecord) -> None:
        """For built-in objectives: replace the record of the last epoch that was reported.

        Args:
            record: of the same epoch, with all metrics that the replaced one has.

        Raises:
            ValueError: the curve would have more metrics than a curve may have.
        """
        progress = self._progress
        names = progress.names | dict.fromkeys(record.metrics)
        if problem := size_problem(len(progress.curve), len(names)):
            raise ValueError(f"trial.report: {problem}; report fewer names, or every tenth epoch, say")
        progress.since_s, progress.names = self.clock(), names
        progress.curve[-1] = record
        self.parent.tell(EpochAmended(record))

    def saved(self) -> Iterable[bytes]:
        """For built-in objectives: the checkpoints of earlier attempts, latest first; the curve does not change."""
        return (checkpoint.payload for checkpoint in self.parent.checkpoints())

    def _resume(self, curve: Sequence[EpochRecord]) -> None:
        self._progress.curve = list(curve)
        self._progress.names = dict.fromkeys(metric_names(curve))
        self.parent.tell(Resumed(tuple(curve)))

    def _next_epoch(self) -> int:
        return self._progress.curve[-1].epoch + 1 if self._progress.curve else 1


ObjectiveFunction = Callable[[Trial], Measured]


def _versions() -> dict[str, str]:
    loaded = {name: sys.modules[name] for name in ("torch", "numpy") if name in sys.modules}
    versions = {"python": platform.python_version()} | {name: str(each.__version__) for name, each in loaded.items()}
    trainer = sys.modules.get("hyperspool.worker.training.trainer")
    return versions | ({"training": str(trainer.VERSION)} if trainer else {})
