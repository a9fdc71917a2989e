"""How far attempts at a job came: one that came further than all before it does not count as a death."""

from collections.abc import Sequence
from contextlib import suppress

from hyperspool.common.attempts import AttemptHistory
from hyperspool.common.curve import read_curve
from hyperspool.common.errors import ProtocolError
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder


def with_progress(history: AttemptHistory, folder: StudyFolder, issue: Issue) -> AttemptHistory:
    """Forgive the deaths of attempts that came further than every attempt before them.

    The limit of deaths is there for trials that kill their process, and not for nodes that go away. A killed process
    writes nothing about its end, so the curves that the attempts left say how far they came. The first attempt is never
    forgiven, since there is none that it could be compared with.

    Costs nothing unless there are two attempts.
    """
    numbers = sorted({event.attempt for event in history.events})
    return history.forgiving(frozenset(_further(folder, issue, numbers))) if len(numbers) > 1 else history


def is_further(folder: StudyFolder, attempt: AttemptName) -> bool:
    """Return whether an attempt that has just ended came further than every attempt before it; False for the first."""
    return attempt.number > 1 and attempt.number in _further(folder, attempt.issue, range(1, attempt.number + 1))


def _further(folder: StudyFolder, issue: Issue, numbers: Sequence[int]) -> list[int]:
    epochs = [_last_epoch(folder, AttemptName(issue, number)) for number in numbers]
    return [number for index, number in enumerate(numbers) if index and epochs[index] > max(epochs[:index])]


def _last_epoch(folder: StudyFolder, attempt: AttemptName) -> int:
    with suppress(OSError, ProtocolError):
        curve = read_curve(folder.running_curve(attempt), is_running=True)
        return curve[-1].epoch if curve else 0
    return 0
