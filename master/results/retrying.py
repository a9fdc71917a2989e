"""Sets the results of FAILED trials aside, so that the study's master asks for these evaluations again.

RACE: this process is killed between two of these steps. The result is the last file to go: until then the trial is
FAILED as before, at most without its curve, and a second call goes on. After that it is open; if its checkpoint has
not moved yet, the trial begins at its first epoch.

The number of the issue that failed stays in the name under `rejected/`, so that it is never used again.
"""

from collections.abc import Sequence

from hyperspool.common import atomic
from hyperspool.common.errors import UsageError
from hyperspool.common.file_kinds import JOB
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Status
from hyperspool.common.rejection import set_aside
from hyperspool.master.results.evaluations import last_of_each
from hyperspool.master.results.standing import Standing

REASON = "the trial FAILED, and is evaluated again because somebody asked for it (retry)"


def failed_results(standing: Standing, trials: Sequence[int]) -> list[Finished]:
    """Return the results of the FAILED trials.

    Args:
        standing: of the study.
        trials: which; empty: all that are FAILED.

    Raises:
        UsageError: one of them is not FAILED, or none is.
    """
    last = {result.trial: result for result in last_of_each(standing.results.values())}
    for trial in trials:
        result = last.get(trial)
        if result is None or result.status is not Status.FAILED:
            state = standing.spec.trial_status(result).value if result else "without a result"
            raise UsageError(f"trial {trial} of study {standing.spec.name} is {state}, not FAILED; nothing was changed")
    failed = [result for result in last.values() if result.status is Status.FAILED]
    if not failed:
        raise UsageError(f"no trial of study {standing.spec.name} is FAILED")
    return [result for result in failed if not trials or result.trial in trials]


def retry(folder: StudyFolder, result: Finished) -> None:
    """Open a FAILED evaluation again.

    Raises:
        OSError: the folder refuses a step; the call can be repeated.
    """
    evaluation = result.evaluation
    issue = Issue(*evaluation, result.issue)
    curve, kept = folder.curve(*evaluation), folder.kept_checkpoint(*evaluation)
    if curve.exists():
        set_aside(folder, curve, REASON)
    set_aside(folder, folder.result(*evaluation), REASON, name=JOB.file_name(issue))
    if kept.exists():  # the next attempt goes on from it, as after any other attempt
        atomic.move(kept, folder.checkpoint(AttemptName(issue, result.attempt)))
