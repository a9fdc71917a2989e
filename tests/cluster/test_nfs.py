"""Masters and workers on two hosts that share a folder by a real NFS, and on the server of it."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Result
from tests.cluster.cannot_start import CannotStart
from tests.cluster.nfs_lab import LEASE_S, NfsHost, NfsLab
from tests.conftest import study_text
from tests.processes import Processes, results_of

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(400)]

DEADLINE_S = 180.0
"""A host takes 6 to 11 s to start Python, and five times that beside other work."""
FAR = 2.0
"""A job is claimed, and a result collected, on another host within that many seconds."""
STEPS = ("--objective", "steps=tests.cluster.walks:steps")


@pytest.fixture(scope="module")
def lab() -> Iterator[NfsLab]:
    """A server and two hosts."""
    with tempfile.TemporaryDirectory(prefix="nfs-", ignore_cleanup_errors=True) as here:
        made = NfsLab(Path(here))
        try:
            made.start()
            for name in ("jobs", "results"):
                (made.export / name).mkdir()
            made.need_speed()
            yield made
        except CannotStart as reason:
            pytest.skip(f"no NFS: {reason}")
        finally:
            made.stop()


def until(condition: Callable[[], object], what: str, *said: Callable[[], str]) -> None:
    """Wait for something. No event says what another host has written."""
    end_s = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > end_s:
            raise AssertionError("\n".join([f"not within {DEADLINE_S:g} s: {what}", *(each() for each in said)]))
        time.sleep(0.1)


def begin(lab: NfsLab, name: str, epochs: int, trials: int, batch: int) -> tuple[StudyFolder, int]:
    """Let the first host's master run a study of steps; return its folder on the server, and the master's number."""
    text = study_text("steps", trials, batch).replace("budget.epochs = 1", f"budget.epochs = {epochs}")
    (lab.here / f"{name}.toml").write_text(text)
    return StudyFolder(lab.export, name), lab.hosts[0].start("master", "run", str(lab.here / f"{name}.toml"))


def worker(host: NfsHost, name: str, *options: str) -> int:
    return host.start("worker", "--study", name, "--device", "cpu", *STEPS, *options)


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def between_hosts(results: list[Result], batch: int) -> tuple[float, float]:
    """Return the medians of publication to claim, and of the last result of a batch to the next publication."""
    waits = [seconds(each.times.claimed_at) - seconds(each.times.published_at) for each in results]
    batches = [results[first : first + batch] for first in range(0, len(results), batch)]
    pauses = [
        min(seconds(each.times.published_at) for each in after) - max(seconds(each.times.ended_at) for each in before)
        for before, after in pairwise(batches)
    ]
    return statistics.median(waits), statistics.median(pauses)


def test_another_host_claims_and_is_heard_within_seconds(lab: NfsLab) -> None:
    first, second = lab.hosts
    number = worker(second, "far", "--exit-when-idle", "--wait", "300")
    folder, master = begin(lab, "far", epochs=1, trials=30, batch=2)
    until(lambda: "is finished" in first.printed(master), "30 trials", lambda: first.printed(master))
    results = [results_of(folder)[trial] for trial in range(30)]
    claimed_s, collected_s = between_hosts(results[2:], batch=2)  # by then all have started
    assert {result.attribution.host for result in results} == {second.name}
    # With one worker the second trial of a batch waits for the first.
    assert claimed_s < FAR + 1, second.printed(number)
    assert collected_s < FAR


def test_a_host_without_power_gives_its_trial_back(lab: NfsLab) -> None:
    first, second = lab.hosts
    folder, master = begin(lab, "power", epochs=5000, trials=1, batch=1)
    far = worker(second, "power")
    until(lambda: len(steps_of(folder)) > 10, "ten steps", lambda: first.printed(master), lambda: second.printed(far))
    near = worker(first, "power")
    until(lambda: "waiting for jobs" in first.printed(near), "the other host waits", lambda: first.printed(near))
    second.cut_power()
    cut_s = time.monotonic()
    lock = folder.lock(Issue(0))
    until(lambda: lock.read_text().count('"claimed"') == 2, "the trial goes on")
    # The server frees a lock when its holder's lease is over; a worker looks every second.
    assert time.monotonic() - cut_s < LEASE_S + 10
    until(lambda: "resumed after epoch" in first.printed(near), "it goes on", lambda: first.printed(near))
    second.switch_on()
    second.wait_until_up()


def steps_of(folder: StudyFolder) -> list[str]:
    """The lines of the running curves."""
    return [line for path in folder.running.glob("*.csv") for line in path.read_text().splitlines()]


def test_the_servers_own_worker_and_a_client_exclude_each_other(lab: NfsLab) -> None:
    _, second = lab.hosts
    folder, _ = begin(lab, "server", epochs=2000, trials=2, batch=2)
    worker(second, "server")
    until(folder.worker_files, "the client's worker")
    processes = Processes(lab.export)
    processes.log_folder = lab.here
    processes.notes = lab.here / "notes"
    try:
        processes.start("worker", "--root", str(lab.export), "--study", "server", "--device", "cpu", *STEPS)
        until(processes.noted, "the server's own worker has a trial")
        until(lambda: len(list(folder.running.glob("*.csv"))) == 2, "both walk")
        idle = processes.start(
            "worker", "--root", str(lab.export), "--study", "server", "--device", "cpu", *STEPS, "--max-idle", "3"
        )
        number = worker(second, "server", "--max-idle", "3")
        assert idle.wait(60) == 0
        until(lambda: "no free job" in second.printed(number), "neither is free", lambda: second.printed(number))
        (own,) = processes.noted()
        assert {own.split()[1], *(line.split()[1] for line in second.notes if line.endswith("from 0"))} >= {"0", "1"}
        assert [folder.lock(Issue(trial)).read_text().count('"claimed"') for trial in (0, 1)] == [1, 1]
    finally:
        processes.kill_all()


def test_doctor_of_both_hosts_finds_the_folder_fit(lab: NfsLab) -> None:
    numbers = [(host, host.start("master", "doctor", "--with-peer")) for host in lab.hosts]
    for host, number in numbers:
        until(lambda: "--claim lock" in host.printed(number), "its advice", lambda: host.printed(number))  # noqa: B023
        assert "unfit" not in host.printed(number)
