"""The options of `launch`: how many workers, of what size, and when they leave."""

from dataclasses import dataclass, field
from pathlib import Path

from hyperspool.common.definitions import OwnObjectives
from hyperspool.common.errors import UsageError
from hyperspool.common.slots import slot_count
from hyperspool.master.launch.slurm_script import Resources
from hyperspool.master.launch.top_up import Bounds

FIRST_JOB_S = 600.0
MAX_IDLE_S = 60.0


@dataclass(frozen=True)
class LaunchOptions:
    """The options of `launch`.

    Attributes:
        root: the shared folder.
        study: a preset, a TOML file or a published study.
        workers: how many to begin with.
        resources: of each worker.
        own: the user's objectives.
        max_workers: up to how many they are topped up; None: `workers`.
        with_master: also submit the study's master.
        watch: top up from this process until the study is finished.
        slots: trials that a worker evaluates at once, as its `--slots` takes it.
        max_idle_s: after so long without a free job a worker leaves; None: as `of_a_worker` says.
        wait_s: for so long a worker waits for its first job.
    """

    root: Path
    study: str
    workers: int
    resources: Resources
    own: OwnObjectives = field(default_factory=OwnObjectives)
    max_workers: int | None = None
    with_master: bool = False
    watch: bool = False
    slots: str = "1"
    max_idle_s: float | None = None
    wait_s: float = FIRST_JOB_S

    def __post_init__(self) -> None:
        """Check that the options fit together.

        Raises:
            UsageError: they do not.
        """
        slot_count(self.slots)
        if self.max_workers is not None and self.max_workers < self.workers:
            raise UsageError(f"--max-workers {self.max_workers}: expected at least the {self.workers} of --workers")
        if self.max_workers is not None and not self.is_topped_up:
            raise UsageError("--max-workers: who adds workers? Give --watch, or --with-master, whose job does it")

    @property
    def is_topped_up(self) -> bool:
        """Whether somebody replaces workers that leave."""
        return self.watch or self.with_master

    @property
    def bounds(self) -> Bounds:
        """How many workers there may be."""
        return Bounds(self.workers, self.max_workers or self.workers, slot_count(self.slots) or 1)

    @property
    def of_a_worker(self) -> list[str]:
        """The options of `python -m worker` that say how many trials it takes at once, and when it leaves.

        Where nobody replaces it, it stays as long as the master runs: the next batch needs it.
        """
        idle_s = MAX_IDLE_S if self.max_idle_s is None and self.is_topped_up else self.max_idle_s
        return [
            "--exit-when-idle",
            *([] if idle_s is None else ["--max-idle", f"{idle_s:g}"]),
            *["--wait", f"{self.wait_s:g}"],
            *([] if self.slots == "1" else ["--slots", self.slots]),
        ]
