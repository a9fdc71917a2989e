"""A worker's heartbeat: the file by which it shows that it lives, and what it does."""

from typing import Annotated, Literal

from pydantic import Field

from hyperspool.common.names import WorkerName
from hyperspool.common.records import Count, Label, Moment, Record, Rung, TrialNumber


class WorkerRecord(Record):
    """What a worker does now; refreshed as its heartbeat."""

    schema_version: Literal[1] = 1
    worker: WorkerName
    host: Label
    pid: Annotated[int, Field(ge=1, lt=2**31)]
    device: Label
    gpu: Label | None = None
    """Which GPU that is on this host: its index or UUID, as CUDA_VISIBLE_DEVICES takes it; None: the CPU."""
    state: Literal["idle", "running"]
    trial: TrialNumber | None = None
    rung: Rung | None = None
    issue: Count | None = None
    attempt: Count | None = None
    epoch: Count | None = None
    epochs: Count | None = None
    beat: Count
    """Counts up; an observer tells by its change, on its own clock, that the worker lives."""
    at: Moment
