"""Clocks that differ by hours, leases that expire while their holder sleeps, missing and repeated events."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_bytes
from hyperspool.common.records import Status
from tests.conftest import MakeStudy
from tests.faults.world import World
from tests.processes import REPOSITORY, Processes, children_of, leftovers, results_of, until
from tests.worker.test_worker import has_noted

WAITING = ("--objective", "waiting=tests.objectives:waiting")


def clock(offset: str) -> dict[str, str]:
    """Return the environment of a host with a wrong clock. The file server's clock and the files' times are right."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        pytest.skip("on Debian: apt-get install faketime")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": offset,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def status(root: Path, clock_of_host: dict[str, str]) -> dict[str, Any]:
    printed = subprocess.run(
        [sys.executable, "-m", "master", "status", "demo", "--root", str(root), "--json"],
        cwd=REPOSITORY,
        env=os.environ | clock_of_host,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found: dict[str, Any] = json.loads(printed)
    return found


def test_clocks_that_are_hours_apart_make_nobody_silent(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    early, late = clock("-9h"), clock("+5h")
    master = processes.master(make_study("waiting", trials=2, batch=2, more="limits.stale_s = 5"))
    for name, host in (("early", early), ("late", late)):
        options = ("--root", str(root), "--device", "cpu", "--name", name, *WAITING)
        processes.start("worker", *options, environment=host)
    folder = StudyFolder(root, "demo")
    until(lambda: has_noted(processes) and len(processes.notes.read_text().splitlines()) == 2, "both", root)
    # RACE: a worker that was idle a moment before it began writes its first heartbeat half a second later.
    until(lambda: all(folder.worker(name).exists() for name in ("early", "late")), "both heartbeats", root)
    for host in ({}, early, late):
        stands = status(root, host)
        workers = stands["workers"]
        assert {worker["worker"]: worker["silent"] for worker in workers} == {"early": False, "late": False}
        assert stands["counts"] == {"PENDING": 0, "RUNNING": 2, "COMPLETE": 0, "PRUNED": 0, "FAILED": 0}
    (root / "go").touch()
    printed = processes.finish(master)
    assert "has been silent" not in printed
    results = results_of(folder)
    assert {result.attempt for result in results.values()} == {1}
    hours = sorted(result.times.ended_at[:13] for result in results.values())
    assert hours[0] < hours[1]  # the clocks really differed
    assert all(0.0 <= result.times.evaluation_s < 3600.0 for result in results.values())  # not the clocks' difference


@pytest.mark.parametrize("is_first", [True, False], ids=["before the other has finished", "after it has"])
def test_a_worker_that_wakes_after_its_lease_changes_no_result(
    root: Path, world: World, make_study: MakeStudy, is_first: bool
) -> None:
    world.faults = {"LEASE_S": "3"}
    master = world.master(make_study("waiting", trials=1, batch=1, more='claim = "lease"'))
    sleeper = world.worker("--name", "sleeper", objective="waiting")
    until(lambda: has_noted(world), "the evaluation", root)
    asleep = (sleeper.pid, *children_of(sleeper.pid))
    for pid in asleep:
        os.kill(pid, signal.SIGSTOP)
    world.worker("--name", "other", objective="waiting")
    until(lambda: len(world.notes.read_text().splitlines()) == 2, "another worker takes over", root)
    folder = StudyFolder(root, "demo")
    if not is_first:
        (root / "go").touch()
        world.finish(master)
        reported = read_bytes(folder.result(0))
    for pid in reversed(asleep):
        os.kill(pid, signal.SIGCONT)
    dropped, kept_aside = "another worker took the claim over", "result kept aside"
    if is_first:
        until(lambda: dropped in world.output(sleeper), "the sleeper finds out", root)
        (root / "go").touch()
        world.finish(master)
    else:
        until(
            lambda: any(line in world.output(sleeper) for line in (dropped, kept_aside)), "the sleeper finds out", root
        )
        assert read_bytes(folder.result(0)) == reported
    result = results_of(folder)[0]
    assert (result.status, result.attempt, result.attribution.worker) == (Status.COMPLETE, 2, "other")
    until(lambda: leftovers(folder) == [], "nothing is left over", root)
    assert sleeper.poll() is None


@pytest.mark.parametrize("fate", ["none", "twice"])
def test_missing_repeated_and_stale_events_change_nothing(
    root: Path, world: World, make_study: MakeStudy, fate: str
) -> None:
    world.faults = {"EVENTS": fate}
    world.worker(objective="noted")
    world.finish(world.master(make_study("noted", trials=6, batch=3)))
    folder = StudyFolder(root, "demo")
    assert {(result.status, result.attempt) for result in results_of(folder).values()} == {(Status.COMPLETE, 1)}
    assert len(world.notes.read_text().splitlines()) == 6
    assert leftovers(folder) == []


def test_a_lock_holder_that_is_paused_loses_nothing(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    master = processes.master(make_study("waiting", trials=1, batch=1))
    worker = processes.worker(objective="waiting")
    until(lambda: has_noted(processes), "the evaluation", root)
    os.kill(worker.pid, signal.SIGSTOP)
    other = processes.worker("--name", "other", objective="waiting")
    until(lambda: "waiting for jobs" in processes.output(other), "another worker finds it held", root)
    assert StudyFolder(root, "demo").open_issues() == [Issue(0)]
    (root / "go").touch()
    os.kill(worker.pid, signal.SIGCONT)
    processes.finish(master)
    assert results_of(StudyFolder(root, "demo"))[0].attempt == 1
