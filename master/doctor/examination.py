"""Runs all checks of a folder, one after the other. An error in a check is the finding of that check."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from hyperspool.common.errors import ProtocolError
from hyperspool.common.locks import ClaimMode
from hyperspool.master.doctor.exclusion import (
    check_exclusive_creation,
    check_leases,
    check_links,
    check_locks,
    check_replacing,
)
from hyperspool.master.doctor.finding import ANY_CLAIM, BY_LEASE, BY_LOCK, Finding, Verdict
from hyperspool.master.doctor.meeting import PeerError, meet
from hyperspool.master.doctor.network import examine_network
from hyperspool.master.doctor.scratch import scratch_folder
from hyperspool.master.doctor.second_process import PartnerError
from hyperspool.master.doctor.sight import check_clock, check_events, check_listing
from hyperspool.master.doctor.surroundings import check_event_limits, check_mount, check_permissions, check_room
from hyperspool.master.doctor.two_hosts import examine_together

NO_CLAIM: frozenset[ClaimMode] = frozenset()


def examine(root: Path, *, with_peer: bool, say: Callable[[str], None]) -> Iterator[Finding]:
    """Check a folder, yielding each finding as it comes. Leaves no file behind, even when it is interrupted.

    Args:
        root: an existing folder.
        with_peer: go on with the checks that take a second doctor, run by another host on the same folder.
        say: called with a message when it starts to wait.
    """
    yield check_mount(root)
    yield from examine_network(root)
    yield check_permissions(root)
    yield check_event_limits()
    try:
        with scratch_folder(root) as scratch:
            yield from _examine_alone(scratch)
            if with_peer:
                yield from _examine_with_peer(root, scratch, say)
    except OSError as error:
        yield Finding("writing", Verdict.FAILED, _reason(error), "a search writes here all the time", ANY_CLAIM)


def _examine_alone(scratch: Path) -> Iterator[Finding]:
    checks = (
        ("room", check_room, NO_CLAIM),
        ("replacing", check_replacing, ANY_CLAIM),
        ("links", check_links, ANY_CLAIM),
        ("new files", check_exclusive_creation, ANY_CLAIM),
        ("locks", check_locks, BY_LOCK),
        ("leases", check_leases, BY_LEASE),
        ("events", check_events, NO_CLAIM),
        ("listing", check_listing, NO_CLAIM),
        ("clock", check_clock, NO_CLAIM),
    )
    for name, check, relied_on_by in checks:
        yield _finding_of(name, partial(check, scratch), relied_on_by)


def _finding_of(name: str, check: Callable[[], Finding], relied_on_by: frozenset[ClaimMode]) -> Finding:
    try:
        return check()
    except (OSError, PartnerError) as error:
        follows = "" if relied_on_by else "the check could not be made"
        return Finding(name, Verdict.FAILED, _reason(error), follows, relied_on_by)


def _examine_with_peer(root: Path, scratch: Path, say: Callable[[str], None]) -> Iterator[Finding]:
    try:
        yield from examine_together(meet(root, scratch, say))
    except (PeerError, PartnerError, ProtocolError, OSError) as error:
        follows = "it is not known what holds between two hosts"
        yield Finding("peer", Verdict.FAILED, _reason(error), follows, is_unanswered=True)


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
