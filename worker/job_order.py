"""Whose turn it is: the order in which a worker tries a study's open jobs, and how often it tries held ones.

Every worker lists the same jobs. If all tried them in the same order, most of their tries would meet a lock that
another one holds. So a job without a lock file, which nobody has claimed yet, comes before one that has it. Of many
such jobs each worker begins at a random place, and of few it takes one of the first. Jobs that were begun and freed
come first of all, but only a lock tells whether one is free: they are tried at a bounded rate.
"""

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from hyperspool.common.batch_order import arranged
from hyperspool.common.file_kinds import CHECKPOINT, JOB, LEASE, LOCK, ORDER
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder, names_of

ORDERLY = 64
"""Up to this many open jobs are taken in order if nobody else takes any, and nearly in order otherwise. Where the
master suggests an order (`hyperspool.common.batch_order`), each worker's own differs from it by up to this many
places."""
TRIES_PER_S = 8.0
"""How often a worker tries to lock jobs that have a lock file. A single idle worker so finds each of eight jobs of
workers that died within a second, and 64 workers do not keep the lock server busy."""
MOST_TRIES = TRIES_PER_S
"""How many such tries a worker saves up while it evaluates: at the end of a batch many workers are idle at once, and 64
of them that each tried 64 held jobs had 3.6 failed claims a trial."""


FARTHEST = 8
"""How many places a worker that keeps missing jobs goes on at most: another one is at work at the same place."""


class Turn(NamedTuple):
    """An open job, to be tried when its turn comes."""

    folder: StudyFolder
    name: str
    """Of the job's file; it may name no issue, as anybody may put files there."""
    was_claimed: bool
    """Whether it has a lock file, so that somebody holds it, or did."""


class Tries:
    """Bounds how often jobs are tried that others may hold.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._left, self._at_s = clock, MOST_TRIES, clock()

    def take(self) -> bool:
        """Whether one more try is due; if so, it is counted."""
        now_s = self._clock()
        self._left = min(self._left + (now_s - self._at_s) * TRIES_PER_S, MOST_TRIES)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


def open_jobs(names: Iterable[str]) -> list[str]:
    """Those of the names in a study's folder that may be jobs; the others that end like them begin with a letter.

    Of several issues of an evaluation only the last: its master is about to withdraw the others.
    """
    jobs = [name for name in names if name.endswith(JOB.suffix) and name[0].isdecimal()]
    return _last_issues(jobs) if any("-" in name for name in jobs) else jobs


def _last_issues(jobs: list[str]) -> list[str]:
    issues = {name: issue for name in jobs if isinstance(issue := JOB.parse(name), Issue)}
    last = {issue.evaluation: issue for issue in sorted(issues.values())}
    return [name for name in jobs if name not in issues or last[issues[name].evaluation] == issues[name]]


def turns(folder: StudyFolder, names: Sequence[str]) -> list[Turn]:
    """The open jobs of a study in the order in which this worker tries them.

    Args:
        folder: the study's folder.
        names: from one listing of its open jobs.
    """
    jobs = {*open_jobs(names)}
    locks = (name.rpartition(".")[0] for name in names if name.endswith((LOCK.suffix, LEASE.suffix)))
    claimed = jobs.intersection(f"{stem}{JOB.suffix}" for stem in locks)
    begun = _begun(folder) & jobs if len(jobs) > 1 else set()
    fresh = [*(jobs - claimed - begun)]
    others = claimed - begun
    is_suggested, others_at_work = ORDER.suffix in names, len(claimed)
    fresh = _suggested_order(folder, fresh, others_at_work) if is_suggested else _own_order(fresh, others_at_work)
    return [Turn(folder, name, name in claimed) for name in (*_tried(begun), *fresh, *_tried(others))]


def take_turn(listed: deque[Turn], misses: int) -> Turn:
    """Take the next turn away; after misses, one of the next few that nobody had claimed.

    Workers that one event woke try the same job first. If those that missed it all went on to the next one, 32 of them
    would meet again at each of the first jobs.

    Args:
        listed: the turns that are left, at least one.
        misses: how many jobs of the listing were taken by others when their turn came.
    """
    ahead = random.randrange(min(2**misses, FARTHEST, len(listed)))
    if ahead and not (listed[0].was_claimed or listed[ahead].was_claimed):
        listed[0], listed[ahead] = listed[ahead], listed[0]
    return listed.popleft()


def _begun(folder: StudyFolder) -> set[str]:
    """The jobs that have a checkpoint: if one is free, its worker is gone, and most of its work is done.

    It costs a listing, so a single open job is not looked at.
    """
    found = map(CHECKPOINT.parse, names_of(folder.checkpoints))
    return {JOB.file_name(attempt.issue) for attempt in found if isinstance(attempt, AttemptName)}


def _tried(names: set[str]) -> list[str]:
    # Of many, others are tried after each listing, so that each is in the end.
    return _in_order(list(names)) if len(names) <= TRIES_PER_S else random.sample(sorted(names), len(names))


def _suggested_order(folder: StudyFolder, names: list[str], others: int) -> list[str]:
    issues = [issue for name in _in_order(names) if isinstance(issue := JOB.parse(name), Issue)]
    spread = ORDERLY if len(names) > ORDERLY else min(2 * others, ORDERLY)
    return [JOB.file_name(issue) for issue in arranged(folder, issues, spread)]


def _own_order(names: list[str], others: int) -> list[str]:
    if len(names) <= ORDERLY:
        places = {name: place + random.random() * 2 * others for place, name in enumerate(_in_order(names))}
        return sorted(names, key=places.__getitem__)
    names.sort()  # by name, for as many as ten thousand
    at = random.randrange(len(names))
    return names[at:] + names[:at]


def _in_order(names: list[str]) -> list[str]:
    return sorted(names, key=lambda name: (JOB.parse(name) or Issue(0), name))
