"""The order in which open jobs should begin: a hint of the master's, in one file among the jobs.

    jobs/<study>/order.txt    names of evaluations, one a line; the one that will take longest comes first

A worker that finds the file in its listing takes jobs in that order; what the file does not name comes after, by name.
Nothing depends on it: a file that is missing, torn, old or written by anybody changes when a trial is evaluated and by
whom, never what is evaluated. So every content is valid. Names in it are only compared, and never become paths.

It is one file for all jobs, because a worker would have to open each job to find a hint there, and may not trust names
of job files for it: they are the evaluation's and are never used twice.
"""

import random
from collections.abc import Iterable, Sequence
from itertools import islice

from hyperspool.common import atomic
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import ORDER
from hyperspool.common.issues import EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_bytes
from hyperspool.common.rejection import make_room, remove_or_set_aside

MAX_ORDERED = 5000
"""Evaluations in one file. A master writes it again while results come in, so that those of a larger batch get into it
before its end, which is when the order counts."""
MAX_BYTES = MAX_ORDERED * 16
"""The longest name, 999999.r999, takes 12 bytes."""


def write_order(folder: StudyFolder, evaluations: Iterable[EvaluationName]) -> None:
    """Replace the study's order. Only its master may call this. The file is not flushed to disk.

    Raises:
        OSError: the folder refuses the file.
    """
    path = folder.path(ORDER)
    make_room(folder, path)
    lines = "".join(f"{evaluation.name}\n" for evaluation in islice(evaluations, MAX_ORDERED))
    atomic.replace(path, lines.encode(), durable=False)


def remove_order(folder: StudyFolder) -> None:
    """Remove the study's order, which may be gone already."""
    remove_or_set_aside(folder, folder.path(ORDER))


def arranged(folder: StudyFolder, issues: Sequence[Issue], spread: int) -> list[Issue]:
    """The issues in the order of the study's file; those that it does not name keep their order.

    Call it only if a listing shows the file: a network file system that is asked for a name that is not there yet
    hides it for half a minute.

    Args:
        folder: the study's folder.
        issues: to be arranged.
        spread: within how many places each caller draws an order of its own; 0: all callers have the same.
    """
    try:
        names = read_bytes(folder.path(ORDER), MAX_BYTES).split()
    except (OSError, ProtocolError):
        names = []
    ranks = {name: rank for rank, name in enumerate(names)}
    last = len(ranks)
    places = {issue: ranks.get(issue.evaluation.name.encode(), last) for issue in issues}
    if spread:
        places = {issue: place + random.randrange(spread) for issue, place in places.items()}
    return sorted(issues, key=places.__getitem__)
