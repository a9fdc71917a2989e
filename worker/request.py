"""What the child is asked to evaluate: the job, and the checkpoints from which it may go on."""

from contextlib import suppress

from hyperspool.common.errors import ProtocolError
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result
from hyperspool.worker.messages import Evaluate
from hyperspool.worker.queue import ClaimedJob


def request_for(claimed: ClaimedJob) -> Evaluate:
    """The request to the child that evaluates a claimed job. A first attempt costs no listing."""
    folder, attempt, job = claimed.claim.folder, claimed.claim.attempt, claimed.job
    is_first = attempt.number == 1 and attempt.issue.number == 1  # has no predecessor
    earlier = [] if is_first else folder.checkpoints_of(*attempt.issue.evaluation)
    # Whatever an attempt on this rung saved is further than what the lower rung kept.
    lower = [] if job.continues is None else [folder.kept_checkpoint(job.trial, job.continues)]
    return Evaluate(claimed.spec, job, folder.checkpoint(attempt), (*earlier, *lower), _start_of(claimed))


def _start_of(claimed: ClaimedJob) -> Result | None:
    folder, start = claimed.claim.folder, claimed.job.starts_from
    if start is None:
        return None
    with suppress(OSError, ProtocolError):  # as a lost checkpoint: it costs a training from the start
        return read_record(folder.result(start), Result)
    return None
