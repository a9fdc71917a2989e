"""Checks of what keeps two processes apart: atomic renames, exclusive creation of names, locks, leases."""

import time
from itertools import count
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.attempts import read_history
from hyperspool.common.errors import FolderError
from hyperspool.common.locks import ClaimMode, make_lock, try_acquire
from hyperspool.master.doctor.finding import ANY_CLAIM, BY_LEASE, BY_LOCK, Finding, Verdict
from hyperspool.master.doctor.partner import page, won_rounds
from hyperspool.master.doctor.second_process import Partner, PartnerError

REPLACING_S = 0.5
MAX_REPLACING_S = 5.0
REPLACEMENTS = 50
ROUNDS = 100
LEAD_S = 0.05
"""How long before a race the other process gets the starting time."""
PROMPT_S = 1.0
"""A killed worker's job should be free within this time, which is how often workers look again."""
FREED_S = 15.0
POLL_S = 0.01


def check_replacing(scratch: Path) -> Finding:
    """One process replaces a file while another reads it: does the reader always see a whole file?"""
    path = scratch / "replaced"
    atomic.replace(path, page(0), durable=False)
    with Partner("read", path) as reader:
        began_s = time.monotonic()
        # Long enough for the reader to see many replacements, but bounded on a slow network file system.
        for replaced in count(1):
            atomic.replace(path, page(replaced), durable=False)
            lasted_s = time.monotonic() - began_s
            if lasted_s > MAX_REPLACING_S or (lasted_s > REPLACING_S and replaced >= REPLACEMENTS):
                break
        reader.tell()
        seen = reader.answer()
    found = f"{seen['whole']:,} reads beside {replaced:,} replacements"
    bad = [f"{seen[kind]} {kind}" for kind in ("torn", "missing", "refused") if seen[kind]]
    if bad:
        follows = "readers would see torn or missing jobs and heartbeats, whatever the way to claim"
        return Finding("replacing", Verdict.FAILED, f"{found}: {', '.join(bad)}", follows, ANY_CLAIM)
    return Finding("replacing", Verdict.OK, f"{found}, every one whole")


def check_links(scratch: Path) -> Finding:
    """Two processes race to link files to the same names: does exactly one get each?"""
    return _check_race(scratch, "link", "links", "a trial could get two results")


def check_exclusive_creation(scratch: Path) -> Finding:
    """Two processes race to create the same files: does exactly one get each?"""
    return _check_race(scratch, "O_EXCL", "new files", "a lease could be given twice")


def race_finding(check: str, ours: list[int], theirs: list[int], rounds: int, follows: str, other: str) -> Finding:
    """The finding of a race.

    Args:
        check: the check's name.
        ours: the rounds that this process won.
        theirs: the rounds that the other process won.
        rounds: the number of rounds.
        follows: what it means if a round had two winners or no winner.
        other: the other process, for the message.
    """
    twice, never = set(ours) & set(theirs), set(range(rounds)) - set(ours) - set(theirs)
    if twice or never:
        found = f"of {rounds} names, {len(twice)} were won by both processes and {len(never)} by none"
        return Finding(check, Verdict.FAILED, found, follows, ANY_CLAIM)
    found = f"{rounds} names, each won by one process alone ({len(ours)} by this one, {len(theirs)} by {other})"
    return Finding(check, Verdict.OK, found)


def check_locks(scratch: Path) -> Finding:
    """Does a kernel lock keep another process out, let its holder write, and end when its holder is killed?"""
    path = scratch / "claim.lock"
    lock = make_lock(path, ClaimMode.LOCK)
    with Partner("hold", path, ClaimMode.LOCK) as holder:
        if not holder.ready or try_acquire(lock):
            lock.release()
            found = "two processes of this host held the same lock"
            return Finding("locks", Verdict.FAILED, found, "two workers could evaluate one trial", BY_LOCK)
        is_noted = bool(read_history(path).events)
        holder.kill()
        freed_s = seconds_until_free(path, FREED_S)
    if not is_noted:
        found = "other processes do not see what the holder of a lock writes into its lock file"
        return Finding("locks", Verdict.FAILED, found, "attempts would not be counted", BY_LOCK)
    return freeing_finding("locks", "a lock keeps another process out", freed_s)


def freeing_finding(check: str, found: str, freed_s: float | None) -> Finding:
    """The finding on a lock's release.

    Args:
        check: the check's name.
        found: what was found about the lock before its holder was killed.
        freed_s: seconds from the kill until the lock was free; None: it stayed held.
    """
    if freed_s is None:
        found = f"{found}, but is still held {FREED_S:g} s after its holder was killed"
        return Finding(check, Verdict.FAILED, found, "the trial of a killed worker would hang", BY_LOCK)
    found = f"{found}, and is free {freed_s:.2f} s after its holder was killed"
    if freed_s > PROMPT_S:
        return Finding(check, Verdict.WARNING, found, "the trial of a killed worker waits as long")
    return Finding(check, Verdict.OK, found)


def seconds_until_free(path: Path, limit_s: float) -> float | None:
    """Seconds from now until a lock can be taken; None: more than `limit_s`."""
    lock = make_lock(path, ClaimMode.LOCK)
    began_s = time.monotonic()
    while not try_acquire(lock):
        if time.monotonic() - began_s > limit_s:
            return None
        time.sleep(POLL_S)
    lock.release()
    return time.monotonic() - began_s


def check_leases(scratch: Path) -> Finding:
    """Does a lease keep another process out until it is released?"""
    path = scratch / "claim.lease"
    with Partner("hold", path, ClaimMode.LEASE) as holder:
        lease = make_lock(path, ClaimMode.LEASE)
        is_shared = not holder.ready or try_acquire(lease)
    if is_shared:
        lease.release()
        found = "two processes of this host held the same lease"
        return Finding("leases", Verdict.FAILED, found, "two workers could evaluate one trial", BY_LEASE)
    if not try_acquire(lease):
        return Finding("leases", Verdict.FAILED, "a lease that was released is not free", rules_out=BY_LEASE)
    lease.release()
    return Finding("leases", Verdict.OK, "a lease keeps another process out, and is free once it is released")


def _check_race(scratch: Path, kind: str, check: str, follows: str) -> Finding:
    folder = scratch / kind
    atomic.make_folder(folder)
    try:
        with Partner("race", folder, kind, ROUNDS) as other:
            start_s = time.monotonic() + LEAD_S
            other.tell(str(start_s))
            ours = won_rounds(folder, kind, ROUNDS, start_s, time.monotonic)
            theirs = other.answer()["won"]
    except FolderError as error:
        return Finding(check, Verdict.FAILED, error.reason, "no study can be published here", ANY_CLAIM)
    except PartnerError as error:
        return Finding(check, Verdict.FAILED, str(error), follows, ANY_CLAIM)
    return race_finding(check, ours, theirs, ROUNDS, follows, "the other")
