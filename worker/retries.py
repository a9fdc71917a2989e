"""The retry policy: what happens to a job when an attempt at it ends.

    how the attempt ends                  counts as       the job is free for another attempt
    ------------------------------------  --------------  -----------------------------------------------------
    the objective returned its value      -               no: the trial is COMPLETE
    the objective raised an error         exception       up to `limits.exception_retries` times
    it reached the time limit             time_limit      up to `limits.time_limit_retries` times
    it ran out of memory                  out_of_memory   up to `limits.out_of_memory_retries` times, and only if
                                                          another trial used the same memory
    the child process died                worker_lost     up to `limits.max_attempts - 1` times
    the worker itself died                worker_lost     as above; the next worker to claim the job decides
    either, but the attempt came further  -               always (`worker.progress`)
    than all before it
    the worker was asked to stop          -               always
    this worker lacks data, a device or   -               always, for another worker
    an objective
    the claim was lost                    -               another worker has the job already

A retry is an attempt like any other: by any worker, from the trial's last checkpoint. Each kind of failure is counted
by itself, over all attempts at the job. When the retries of a kind are used up, the trial is FAILED.
"""

from enum import Enum, auto

from hyperspool.common.attempts import AttemptHistory
from hyperspool.common.limits import Limits
from hyperspool.common.records import FailureKind
from hyperspool.worker.messages import Failed, Finished, Outcome, Pruned, Stopped, Unable


class Decision(Enum):
    """What a worker does with its claim when an attempt ends."""

    REPORT = auto()
    """Report the trial's result."""
    RETRY = auto()
    """Note the failure in the lock file, where it counts, and release the claim."""
    RELEASE = auto()
    """Release the claim. The attempt does not count."""
    DROP = auto()
    """Write nothing: the job is another worker's."""


def decide(limits: Limits, history: AttemptHistory, outcome: Outcome, *, is_further: bool = False) -> Decision:
    """Decide what follows an attempt.

    Args:
        limits: of the study.
        history: the attempts before this one.
        outcome: how this one ended.
        is_further: whether it came further than all of them.
    """
    match outcome:
        case Finished() | Pruned():
            return Decision.REPORT
        case Failed(kind=FailureKind.OUT_OF_MEMORY, is_memory_shared=False):
            return Decision.REPORT  # a trial that had all of the memory gets no more of it the next time
        case Failed(kind=FailureKind.WORKER_LOST) if is_further:
            return Decision.RETRY
        case Failed():
            failures = history.counts().get(outcome.kind, 0) + 1
            return Decision.RETRY if failures <= _retries(limits, outcome.kind) else Decision.REPORT
        case Stopped() | Unable():
            return Decision.RELEASE
        case _:
            return Decision.DROP


def is_exhausted(limits: Limits, history: AttemptHistory) -> bool:
    """Return whether a job must be reported FAILED instead of started again, because its workers died too often.

    Only deaths matter here: a worker that sees an attempt fail in another way reports the trial's failure itself.
    """
    if not history.events:
        return False
    return history.counts().get(FailureKind.WORKER_LOST, 0) > _retries(limits, FailureKind.WORKER_LOST)


def _retries(limits: Limits, kind: FailureKind) -> int:
    return {
        FailureKind.EXCEPTION: limits.exception_retries,
        FailureKind.TIME_LIMIT: limits.time_limit_retries,
        FailureKind.OUT_OF_MEMORY: limits.out_of_memory_retries,
        FailureKind.WORKER_LOST: limits.max_attempts - 1,
    }[kind]
