"""What the master asks of the file system when it publishes and collects."""

from pathlib import Path

import pytest

from hyperspool.common import confinement, layout
from hyperspool.common.issues import Issue
from hyperspool.master.run.dispatch import MISSING_S
from hyperspool.master.run.jobs_listing import JobsListing
from tests.common.test_report import claim_of
from tests.conftest import job_of
from tests.master.bench import Bench, publish


def test_a_hint_costs_a_listing_of_its_folder(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(bench.dispatcher, [job_of(trial) for trial in (0, 100, 200)])
    bench.evaluate(100)
    bench.evaluate(200)
    listed: list[str] = []

    def names_in(folder: Path) -> list[str]:
        listed.append(folder.name)
        return confinement.names_in(folder)

    monkeypatch.setattr(layout, "names_in", names_in)
    results = bench.dispatcher.collect({bench.folder.trial_folder(100), bench.folder.trial_folder(900)})
    assert [result.trial for result in results] == [100]
    assert bench.dispatcher.collect(set()) == []
    assert listed == ["00100-00199"]
    # The jobs that are gone say where else to look.
    bench.dispatcher.compare(JobsListing(bench.folder), folders=0)
    assert [result.trial for result in bench.dispatcher.collect(set())] == [200]
    assert listed == ["00100-00199", bench.folder.name, "00200-00299"]


def test_a_step_costs_the_open_jobs_and_not_all_trials(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for shard in range(0, 100_000, 100):
        bench.folder.trial_folder(shard).mkdir(parents=True, exist_ok=True)
    publish(bench.dispatcher, [job_of(5), job_of(99_999, study="demo")])
    listed = note_listings(monkeypatch)
    bench.dispatcher.collect()
    assert set(listed) == {bench.folder.jobs, bench.folder.trial_folder(5), bench.folder.trial_folder(99_999)}


@pytest.mark.parametrize("is_restarted", [True, False])
def test_jobs_that_vanish_together_cost_one_look_together(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, is_restarted: bool
) -> None:
    jobs = [job_of(trial) for trial in range(50)]
    publish(bench.dispatcher, jobs)
    bench.folder.rejected.mkdir()
    for job in jobs:
        claim_of(bench.folder, Issue(job.trial)).unlock()
        bench.folder.job(Issue(job.trial)).unlink()
    listed = note_listings(monkeypatch)
    if is_restarted:
        publish(bench.restarted(), jobs)
    else:
        bench.dispatcher.collect()
        bench.clock.now_s += MISSING_S + 1
        bench.dispatcher.collect()
    assert len(bench.folder.open_issues()) == 50
    assert listed.count(bench.folder.rejected) <= 2
    assert listed.count(bench.folder.jobs) <= 6


def note_listings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return a list to which each folder that is listed is added."""
    listed: list[Path] = []
    original = confinement.names_in

    def note(path: Path) -> list[str]:
        listed.append(path)
        return original(path)

    monkeypatch.setattr("hyperspool.common.layout.names_in", note)
    return listed
