"""Masters and workers on two hosts that share a folder by a real NFS, and on the server of it."""

import random
import statistics
import threading
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

import pytest

from hyperspool.common.issues import Issue
from hyperspool.common.records import Result, Status
from tests.cluster.nfs_lab import NfsHost, NfsLab
from tests.cluster.nfs_study import NfsStudy, lab_or_skip, until
from tests.processes import Processes

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(400)]

LEASE_S = 10
CHAOS_SEED = 4
POWER_CUTS = 4
CHAOS_TRIALS = 30
FAR_S = 2.0
"""A job is claimed, and a result collected, on another host within that many seconds."""


@pytest.fixture(scope="module")
def lab() -> Iterator[NfsLab]:
    """A server and two hosts."""
    with lab_or_skip(LEASE_S) as lab:
        yield lab


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def times(found_s: list[float]) -> str:
    return f"{statistics.median(found_s):.2f} s, at most {max(found_s):.2f} s"


def between_hosts(results: list[Result], batch: int) -> tuple[list[float], list[float]]:
    """Return the seconds from publication to the first claim, and from the last result to the next publication."""
    batches = [results[first : first + batch] for first in range(0, len(results), batch)]
    waits = [
        min(seconds(each.times.claimed_at) - seconds(each.times.published_at) for each in of_batch)
        for of_batch in batches
    ]
    pauses = [
        min(seconds(each.times.published_at) for each in after) - max(seconds(each.times.ended_at) for each in before)
        for before, after in pairwise(batches)
    ]
    return waits, pauses


def test_another_host_claims_and_is_heard_within_seconds(lab: NfsLab) -> None:
    first, second = lab.hosts
    study = NfsStudy(lab, "far", "steps", trials=30, batch=2, epochs=1)
    study.worker(second, "--exit-when-idle", "--wait", "300")
    master = study.master(first)
    study.until(lambda: "is finished" in master(), "30 trials")
    results = [study.results()[trial] for trial in range(30)]
    claimed_s, collected_s = between_hosts(results[2:], batch=2)  # by then all have started
    print(f"claimed after {times(claimed_s)}, collected after {times(collected_s)}")
    assert {result.attribution.host for result in results} == {second.name}
    assert statistics.median(claimed_s) < FAR_S
    assert statistics.median(collected_s) < FAR_S


def test_a_host_without_power_gives_its_trial_back(lab: NfsLab) -> None:
    first, second = lab.hosts
    study = NfsStudy(lab, "power", "walk", trials=1, batch=1)
    study.master(first)
    study.worker(second)
    study.until(lambda: study.steps() > 10, "ten steps")
    study.worker(first)
    study.until(lambda: study.idle(first) == 1, "the other host waits")
    second.cut_power()
    lock = study.folder.lock(Issue(0))
    taken_s = study.until(lambda: lock.read_text().count('"claimed"') == 2, "the trial goes on")
    # The server frees a lock when its holder's lease is over; a worker looks every second.
    assert taken_s < LEASE_S + 10
    study.until(lambda: study.begun(first) == 1, "it goes on")
    study.let_end(first)
    study.until(study.results, "its result")
    assert (study.results()[0].resumed_from_epoch or 0) > 0
    second.switch_on()
    second.wait_until_up()


def test_the_servers_own_worker_and_a_client_exclude_each_other(lab: NfsLab) -> None:
    first, second = lab.hosts
    study = NfsStudy(lab, "server", "walk", trials=2, batch=2)
    study.master(first)
    study.worker(second)
    study.until(study.folder.worker_files, "the client's worker")
    processes = Processes(lab.export)
    processes.log_folder = lab.here
    processes.notes = lab.here / "notes"
    own = ("--root", str(lab.export), "--study", "server", "--objective", "walk=tests.cluster.walks:walk")
    try:
        processes.start("worker", *own, "--device", "cpu")
        study.until(processes.noted, "the server's own worker has a trial")
        study.until(lambda: study.begun(second), "the client's too")
        idle = processes.start("worker", *own, "--device", "cpu", "--max-idle", "3")
        other = study.worker(second, "--max-idle", "3")
        assert idle.wait(60) == 0
        study.until(lambda: "no free job" in other(), "neither is free")
        (near,), (far,) = processes.noted(), second.noted("server")
        assert {near.split()[1], far.split()[1]} == {"0", "1"}
        assert [study.folder.lock(Issue(trial)).read_text().count('"claimed"') for trial in (0, 1)] == [1, 1]
    finally:
        processes.kill_all()
        study.let_end(second)


def test_power_cuts_at_random_leave_one_result_per_trial(lab: NfsLab) -> None:
    chance = random.Random(CHAOS_SEED)
    study = NfsStudy(lab, "chaos", "steps", trials=CHAOS_TRIALS, batch=8, epochs=5)

    def begin(host: NfsHost) -> None:
        if host is lab.hosts[0]:
            study.master(host)
        study.worker(host, "--max-idle", "60")  # it stays while no master runs

    for host in lab.hosts:
        begin(host)
    for _ in range(POWER_CUTS):
        wanted = len(study.results()) + chance.randint(2, 5)
        study.until(lambda: len(study.results()) >= wanted, f"{wanted} results")  # noqa: B023
        threading.Event().wait(chance.uniform(0, 3))  # anywhere in a trial, or between two batches
        victim = chance.choice(lab.hosts)
        victim.cut_power()
        victim.switch_on()
        victim.wait_until_up()
        begin(victim)
    study.until(lambda: not study.folder.open_issues() and len(study.results()) == CHAOS_TRIALS, "all results")
    results = study.results().values()
    assert {result.status for result in results} == {Status.COMPLETE}
    assert {result.epochs for result in results} == {5}
    study.check(lab.hosts[0])


def test_doctor_of_both_hosts_finds_the_folder_fit(lab: NfsLab) -> None:
    numbers = [(host, host.start("master", "doctor", "--with-peer")) for host in lab.hosts]
    for host, number in numbers:
        until(lambda: "--claim lock" in host.printed(number), "its advice", lambda: host.printed(number))  # noqa: B023
        assert "unfit" not in host.printed(number)
