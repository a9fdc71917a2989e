"""Checks of what one process sees of another's work: events, listings, and the clock that dates files."""

import os
import time
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.watch import Appearance, FolderWatch, Wakeup
from hyperspool.master.doctor.finding import Finding, Verdict
from hyperspool.master.doctor.second_process import Partner
from hyperspool.master.run.loop import RESCAN_S

EVENT_S = 2.0
"""How long to wait for an event. One that takes longer than the rescan is useless."""
LISTED_S = 35.0
"""How long to wait for a listing to show a file. By default, NFS trusts a cached listing for up to 30 s."""
POLL_S = 0.002
STAMP_S = 0.01
"""Resolution of file times: the clock that dates files ticks 100 to 1,000 times a second."""
OFF_S = 10.0
"""Difference above which a clock is a warning: nothing is decided by it, but people compare times in results."""


def check_events(scratch: Path) -> Finding:
    """Does the operating system send an event for a new file?"""
    folder = scratch / "events"
    atomic.make_folder(folder)
    bell = Wakeup()
    try:
        with FolderWatch(bell) as watch, Partner("make", folder) as other:
            watch.follow({folder: Appearance.LINKED})
            if watch.why_polling:
                return Finding("events", Verdict.WARNING, watch.why_polling, rescan_text())
            began_s = time.monotonic()
            other.tell("file")
            has_rung = bell.wait(EVENT_S)
            after_s = time.monotonic() - began_s
            other.answer()
    finally:
        bell.close()
    return event_finding("events", after_s if has_rung else None)


def event_finding(check: str, after_s: float | None) -> Finding:
    """The finding on events: a new file made one after `after_s` seconds; None: it made none."""
    if after_s is None:
        return Finding(check, Verdict.OK, "a new file makes no event", rescan_text())
    return Finding(check, Verdict.OK, f"a new file makes an event after {1000 * after_s:.0f} ms")


def rescan_text() -> str:
    """What a search does where there are no events."""
    return f"masters and workers find new files by looking every {RESCAN_S:g} s"


def check_listing(scratch: Path) -> Finding:
    """How soon does a listing show a file that another process created?"""
    folder = scratch / "listing"
    atomic.make_folder(folder)
    with Partner("make", folder) as other:
        other.tell("file")
        end_s = time.monotonic() + LISTED_S
        while "file" not in os.listdir(folder):  # noqa: PTH208 - as the protocol lists
            if time.monotonic() > end_s:
                return delay_finding("listing", None)
            time.sleep(POLL_S)
        seen_s = time.monotonic()
        made_s = float(other.answer()["made_s"])
    return delay_finding("listing", max(seen_s - made_s, 0.0))


def delay_finding(check: str, delay_s: float | None) -> Finding:
    """The finding on listings: a new file showed after `delay_s` seconds; None: it did not show."""
    if delay_s is None:
        found = f"a new file is not listed within {LISTED_S:g} s"
        return Finding(check, Verdict.WARNING, found, "every step of a search waits as long")
    found = f"a new file is listed after {1000 * delay_s:.0f} ms"
    if delay_s > RESCAN_S:
        return Finding(check, Verdict.WARNING, found, "every step of a search waits as long")
    return Finding(check, Verdict.OK, found)


def check_clock(scratch: Path) -> Finding:
    """Does the file server's clock, which dates files, agree with this host's?"""
    path = scratch / "clock"
    before_s = time.time()
    atomic.replace(path, b"", durable=False)
    after_s = time.time()
    unsure_s = (after_s - before_s) / 2 + STAMP_S
    return clock_finding("clock", path.stat().st_mtime - (before_s + after_s) / 2, unsure_s, "the file server's clock")


def clock_finding(check: str, ahead_s: float, unsure_s: float, whose: str) -> Finding:
    """The finding on another clock, which is `ahead_s` ahead of this host's, give or take `unsure_s`."""
    way = "ahead of" if ahead_s > 0 else "behind"
    is_off = abs(ahead_s) - unsure_s > OFF_S
    found = f"{whose} is {abs(ahead_s):.2f} s {way} this host's, give or take {unsure_s:.2f} s"
    if abs(ahead_s) <= unsure_s:
        found = f"{whose} agrees with this host's within {unsure_s:.2f} s"
    if is_off:
        follows = "nothing is decided by it, but times in results and `status` are off: let a time server set both"
        return Finding(check, Verdict.WARNING, found, follows)
    return Finding(check, Verdict.OK, found)
