"""The checks that two hosts make together. Both run the same functions; the doctor that came first begins."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from hyperspool.common import atomic
from hyperspool.common.locks import ClaimMode, make_lock, try_acquire
from hyperspool.common.reading import read_bytes
from hyperspool.common.watch import Appearance, FolderWatch, Wakeup
from hyperspool.master.doctor.exclusion import FREED_S, freeing_finding, race_finding, seconds_until_free
from hyperspool.master.doctor.finding import BY_LEASE, BY_LOCK, Finding, Verdict
from hyperspool.master.doctor.meeting import Conversation, PeerError
from hyperspool.master.doctor.partner import won_rounds
from hyperspool.master.doctor.scratch import host_identity
from hyperspool.master.doctor.second_process import Partner
from hyperspool.master.doctor.sight import EVENT_S, clock_finding, delay_finding, event_finding

PINGS = 7
ROUNDS = 200
TURNS = 25
LEAD_S = 0.5
"""How long after the agreement a race begins, by each host's own clock."""
POLL_S = 0.005


def examine_together(talk: Conversation) -> Iterator[Finding]:
    """Make every check that takes two hosts, together with the other doctor at the table.

    Raises:
        PeerError: the other doctor stopped answering.
        OSError: the file system refuses.
    """
    folders = {name: talk.table / name for name in ("link", "O_EXCL", f"events-{talk.seat}")}
    for folder in folders.values():
        atomic.make_folder(folder)
    other = talk.exchange("hello", host=socket.gethostname(), kernel=host_identity())
    yield _who(other)
    delay_s, ahead_s, unsure_s = _measure_clock(talk)
    yield delay_finding("peer: listing", delay_s)
    yield clock_finding("peer: clock", ahead_s, unsure_s, "the other host's clock")
    yield from (_race(talk, kind, folders[kind], ahead_s) for kind in ("link", "O_EXCL"))
    yield _events(talk)
    yield from _locks(talk)
    yield _leases(talk)
    yield _turns(talk)
    talk.say("bye")
    with suppress(OSError, PeerError):  # the table's owner may leave, and remove the table, before we read its answer
        talk.hear("bye")


def _who(other: dict[str, Any]) -> Finding:
    name = str(other.get("host", ""))[:64]
    if other.get("kernel") == host_identity():
        follows = "the checks below say nothing about two hosts: run the other doctor on another host"
        return Finding("peer", Verdict.WARNING, f"{name}, which is this very host", follows)
    return Finding("peer", Verdict.OK, name)


def _measure_clock(talk: Conversation) -> tuple[float, float, float]:
    """The delay until one host sees the other's new file, how far the other's clock is ahead, and the latter's error.

    All in seconds. Files go to and fro like a ping. The quickest exchange gives the best estimate of the clock, with an
    error of half its duration.
    """
    if not talk.is_first:
        for number in range(PINGS):
            talk.hear(f"ping-{number}")
            talk.say(f"pong-{number}", at=time.time())
        measured = talk.hear("clock")
        return float(measured["delay_s"]), -float(measured["ahead_s"]), float(measured["unsure_s"])
    trips: list[tuple[float, float]] = []
    for number in range(PINGS):
        before_s = time.time()
        talk.say(f"ping-{number}")
        at_s = float(talk.hear(f"pong-{number}")["at"])
        after_s = time.time()
        trips.append((after_s - before_s, at_s - (before_s + after_s) / 2))
    delay_s = median(trip_s for trip_s, _ in trips) / 2
    quickest_s, ahead_s = min(trips)
    talk.say("clock", delay_s=delay_s, ahead_s=ahead_s, unsure_s=quickest_s / 2)
    return delay_s, ahead_s, quickest_s / 2


def _race(talk: Conversation, kind: str, folder: Path, ahead_s: float) -> Finding:
    topic = f"race-{kind}"
    if talk.is_first:
        start_s = time.time() + LEAD_S
        talk.say(f"{topic}-start", at=start_s)
    else:
        start_s = float(talk.hear(f"{topic}-start")["at"]) - ahead_s
    ours = won_rounds(folder, kind, ROUNDS, min(start_s, time.time() + LEAD_S), time.time)
    theirs = talk.exchange(topic, won=ours)["won"]
    check, follows = {
        "link": ("peer: links", "a trial could get two results"),
        "O_EXCL": ("peer: new files", "a lease could be given twice; results, which are linked, are not concerned"),
    }[kind]
    return race_finding(check, ours, theirs, ROUNDS, follows, "the other host")


def _events(talk: Conversation) -> Finding:
    mine = talk.table / f"events-{talk.seat}"
    others = next(path for path in talk.table.glob("events-*") if path != mine)
    bell = Wakeup()
    try:
        with FolderWatch(bell) as watch:
            watch.follow({others: Appearance.LINKED})
            talk.exchange("watching")
            atomic.write_once(mine / "file", b"")
            began_s = time.monotonic()
            has_rung = bell.wait(EVENT_S)
            after_s = time.monotonic() - began_s
    finally:
        bell.close()
    talk.exchange("watched")
    return event_finding("peer: events", after_s if has_rung else None)


def _locks(talk: Conversation) -> Iterator[Finding]:
    """Once each way: one host holds a lock and the other tries it; then the holder is killed and the other waits."""
    for holder in ("first", "second"):
        path = talk.table / f"claim-{holder}.lock"
        topic = f"lock-{holder}"
        if talk.seat == holder:
            with Partner("hold", path, ClaimMode.LOCK) as process:
                is_shared = bool(talk.exchange(f"{topic}-held")["is_taken"])
                process.kill()
            freed_s = talk.exchange(f"{topic}-killed")["freed_s"]
            yield _lock_finding("peer: locks, ours", "a lock of this host keeps the other host out", freed_s, is_shared)
        else:
            talk.hear(f"{topic}-held")
            lock = make_lock(path, ClaimMode.LOCK)
            is_shared = try_acquire(lock)
            lock.release()
            talk.say(f"{topic}-held", is_taken=is_shared)
            talk.hear(f"{topic}-killed")
            freed_s = seconds_until_free(path, FREED_S)
            talk.say(f"{topic}-killed", freed_s=freed_s)
            yield _lock_finding("peer: locks, theirs", "a lock of the other host keeps us out", freed_s, is_shared)


def _lock_finding(check: str, found: str, freed_s: float | None, is_shared: object) -> Finding:
    if is_shared:
        follows = "two workers could evaluate one trial"
        return Finding(check, Verdict.FAILED, "both hosts held the same lock at once", follows, BY_LOCK)
    return freeing_finding(check, found, freed_s)


def _leases(talk: Conversation) -> Finding:
    path = talk.table / "claim.lease"
    if talk.is_first:
        with Partner("hold", path, ClaimMode.LEASE):
            is_shared = bool(talk.exchange("lease")["is_taken"])
    else:
        talk.hear("lease")
        lease = make_lock(path, ClaimMode.LEASE)
        is_shared = try_acquire(lease)
        lease.release()
        talk.say("lease", is_taken=is_shared)
    if is_shared:
        follows = "two workers could evaluate one trial"
        return Finding("peer: leases", Verdict.FAILED, "both hosts held the same lease at once", follows, BY_LEASE)
    return Finding("peer: leases", Verdict.OK, "a lease of one host keeps the other out")


def _turns(talk: Conversation) -> Finding:
    """Both hosts count in one file under one lock, as claimants count attempts: is a number given twice?"""
    path = talk.table / "turns.lock"
    talk.exchange("turns")
    for _ in range(TURNS):
        _take_turn(path)
    talk.exchange("turned")
    written = read_bytes(path).split()
    lost = set(range(1, 2 * TURNS + 1)) - {int(number) for number in written if number.isdigit()}
    if lost:
        found = f"of {2 * TURNS} numbers that both hosts counted under one lock, {len(lost)} are missing or came twice"
        follows = "a host reads stale data under a lock, so attempts would be counted wrong"
        return Finding("peer: turns", Verdict.FAILED, found, follows, BY_LOCK)
    return Finding("peer: turns", Verdict.OK, f"both hosts counted to {2 * TURNS} under one lock, no number twice")


def _take_turn(path: Path) -> None:
    lock = make_lock(path, ClaimMode.LOCK)
    end_s = time.monotonic() + FREED_S
    while not try_acquire(lock):
        if time.monotonic() > end_s:
            return  # this turn's number is then missing, and is counted as lost
        time.sleep(POLL_S)
    try:
        atomic.append_line(path, str(len(read_bytes(path).split()) + 1))
    finally:
        lock.release()
