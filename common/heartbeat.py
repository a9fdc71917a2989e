"""A worker's heartbeat: the file that shows that the worker lives, and what it does."""

from typing import Annotated, Literal

from pydantic import Field

from hyperspool.common.names import WorkerName
from hyperspool.common.records import Count, Label, Moment, Record, Rung, TrialNumber


class WorkerRecord(Record):
    """What a worker does now, rewritten at every beat."""

    schema_version: Literal[1] = 1
    worker: WorkerName
    host: Label
    pid: Annotated[int, Field(ge=1, lt=2**31)]
    device: Label
    gpu: Label | None = None
    """The GPU of this host: its index or UUID, as CUDA_VISIBLE_DEVICES takes it; None: the CPU."""
    job: Label | None = None
    """The scheduler's job that runs the worker, such as `slurm:1234_5`; None: no scheduler is known."""
    state: Literal["loading", "idle", "running"]
    """Loading: it tries its device, and takes no job yet."""
    trial: TrialNumber | None = None
    rung: Rung | None = None
    issue: Count | None = None
    attempt: Count | None = None
    epoch: Count | None = None
    epochs: Count | None = None
    versions: Annotated[dict[Label, Label], Field(max_length=100)] | None = None
    """Of the software that evaluates the trial; None until it has begun, or while the worker is idle."""
    code: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None
    """The digest of the source of a user's own objective, as `versions`."""
    beat: Count
    """Counts up. An observer that sees it change, on its own clock, knows that the worker lives."""
    at: Moment
