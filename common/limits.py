"""When a study gives a trial up."""

from typing import Annotated

from pydantic import Field

from hyperspool.common.records import Record

Retries = Annotated[int, Field(ge=0, le=100)]


class Limits(Record):
    """When to give a trial up: each kind of failure has its own count and its own limit.

    A retry is an attempt like any other: by any worker, from the trial's last checkpoint.
    """

    max_attempts: Annotated[int, Field(ge=1, le=100)] = 3
    """Number of worker deaths after which the trial is FAILED. Stopping a worker on request does not count."""
    exception_retries: Retries = 0
    """Retries after the objective raised an error. The same params and seeds usually raise the same error; a retry is
    for errors that pass: a data set out of reach, a device that is being reset."""
    out_of_memory_retries: Retries = 1
    """Retries after running out of memory beside another trial. A trial that runs out of memory alone is FAILED."""
    time_limit_retries: Retries = 0
    """Retries after reaching the time limit: each goes on from the last checkpoint, with the whole time again."""
    time_limit_s: Annotated[float, Field(gt=0)] | None = None
    """Time limit of one attempt, in seconds; None: no limit."""
    max_issues: Annotated[int, Field(ge=1, le=1000)] = 20
    """How often a trial may be issued, including the first time. It is issued again when its job or result was refused
    or disappeared, or when its worker fell silent. At the limit the search ends: somebody keeps interfering."""
    stale_s: Annotated[float, Field(ge=5)] = 60.0
    """Seconds of silence after which a worker's job is issued again. Workers beat five times as often."""
