"""Runs all checks of a study's files, also while the study runs: steps of live processes are not breaches."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from hyperspool.common.errors import ProtocolError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.fsck.breach import Breach, Severity
from hyperspool.master.fsck.digests import check_digests
from hyperspool.master.fsck.leavings import (
    check_attempts,
    check_heartbeats,
    check_kept_checkpoints,
    check_notes,
    check_stop_files,
    check_temporary_files,
    list_rejected,
)
from hyperspool.master.fsck.look import Look, look_at
from hyperspool.master.fsck.open_work import check_jobs, check_journal, check_locks, check_missing
from hyperspool.master.fsck.outcomes import check_curves, check_duplicates, check_lone_curves, check_results
from hyperspool.master.fsck.strays import check_kinds, check_names, check_permissions
from hyperspool.master.studies.published import ADVICE, read_published

SETTLE_S = 3.0
"""Time between two looks. A step of a live process takes milliseconds, or holds a lock: both looks cannot see it."""

CHECKS: tuple[Callable[[Look], Iterator[Breach]], ...] = (
    check_jobs,
    check_locks,
    check_results,
    check_curves,
    check_lone_curves,
    check_missing,
    check_journal,
    check_attempts,
    check_kept_checkpoints,
    check_stop_files,
    check_notes,
    check_heartbeats,
    check_digests,
    check_temporary_files,
    check_duplicates,
    check_names,
    check_kinds,
    check_permissions,
    list_rejected,
)


def read_spec(folder: StudyFolder) -> StudySpec | Breach:
    """The published study, or the breach in its file. Nothing else can be checked without it."""
    try:
        return read_published(folder)
    except FileNotFoundError:
        return Breach(folder.spec, f"is missing. {ADVICE}")
    except ProtocolError as error:
        return Breach(folder.spec, error.reason)


def find_breaches(folder: StudyFolder, spec: StudySpec, *, is_ours: bool = False) -> list[Breach]:
    """The breaches that one look finds, worst first, then by file; `is_ours`: this process is the study's master."""
    look = look_at(folder, spec, is_ours=is_ours)
    found = set(chain.from_iterable(check(look) for check in CHECKS))
    return sorted(found.union(look.breaches), key=_place)


def inspect(folder: StudyFolder, spec: StudySpec, settle: Callable[[], None]) -> list[Breach]:
    """The breaches in a study's files, whether it runs or not: those that two looks find.

    Args:
        folder: the study's folder.
        spec: the published study.
        settle: called between the two looks; waits until live processes have finished their current steps.
    """
    first = find_breaches(folder, spec)
    # Notes are about files that were set aside before; they do not change, so they need no second look.
    if all(breach.severity is Severity.NOTE for breach in first):
        return first
    settle()
    second = set(find_breaches(folder, spec))
    return [breach for breach in first if breach in second]


def _place(breach: Breach) -> tuple[list[Severity], Path, str]:
    order = list(Severity)
    return order[: order.index(breach.severity)], breach.path, breach.cause
