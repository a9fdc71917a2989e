import os
import socket
import subprocess
from errno import ESTALE
from pathlib import Path

import pytest

from common import atomic, confinement
from common.claim import Claim, Claimant, Claims
from common.errors import SearchError
from common.layout import Slot, StudyFolder
from common.locks import ClaimMode
from common.reading import read_record
from common.records import Job, WorkerRecord
from common.rejection import set_aside
from common.report import read_result, report
from master import dispatch
from master.dispatch import MISSING_S, Dispatcher
from master.housekeeping import remove_dead_workers, remove_temporary_files, sweep, sweep_attempts
from master.silence import Silence
from tests.common.test_report import CURVE, claim_of, result_of
from tests.conftest import job_of, spec_of


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Bench:
    """A dispatcher on a folder, with a clock of its own."""

    def __init__(self, folder: StudyFolder) -> None:
        self.folder = folder
        self.clock = Clock()
        self.silence = Silence(self.clock)
        self.dispatcher = self.restarted()

    def restarted(self) -> Dispatcher:
        spec = spec_of(limits={"stale_s": 60.0})
        return Dispatcher(self.folder, spec, Claims(Claimant("master")), self.silence, self.clock)

    def evaluate(self, trial: int, issue: int = 1) -> Claim:
        claim = claim_of(self.folder, Slot(trial, issue))
        report(claim, result_of(claim), CURVE)
        return claim

    def beat(self, worker: str, beat: int) -> None:
        record = WorkerRecord(worker=worker, host="lab", pid=1, device="cpu", state="running", beat=beat, at="")
        self.silence.observe([record])


def publish(dispatcher: Dispatcher, jobs: list[Job]) -> None:
    dispatcher.expect(jobs)
    dispatcher.publish()


@pytest.fixture
def bench(folder: StudyFolder) -> Bench:
    return Bench(folder)


def test_what_was_published_is_collected_once(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0), job_of(1)])
    assert bench.dispatcher.collect() == []
    bench.evaluate(1)
    assert [result.trial for result in bench.dispatcher.collect()] == [1]
    assert bench.dispatcher.collect() == []
    assert bench.dispatcher.open_count == 1
    bench.evaluate(0)
    assert [result.trial for result in bench.dispatcher.collect()] == [0]
    assert bench.dispatcher.open_count == 0


def test_a_restarted_master_publishes_only_what_is_neither_open_nor_finished(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0), job_of(1)])
    bench.evaluate(0)
    before = bench.folder.job(Slot(1)).stat()
    again = bench.restarted()
    publish(again, [job_of(0), job_of(1), job_of(2)])
    assert bench.folder.job(Slot(1)).stat() == before
    assert bench.folder.open_slots() == [Slot(1), Slot(2)]
    assert [result.trial for result in again.collect()] == [0]


def test_a_result_that_is_none_is_set_aside_and_its_trial_issued_again(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    bench.folder.job(Slot(0)).unlink()
    bench.folder.result(0).write_text('{"schema_version": 1, "study"')
    assert bench.dispatcher.collect() == []
    assert len(list(bench.folder.rejected.glob("*.reason.txt"))) == 1
    bench.clock.now_s += MISSING_S + 1
    bench.dispatcher.collect()
    assert bench.folder.open_slots() == [Slot(0, 2)]
    bench.evaluate(0, issue=2)
    assert [result.issue for result in bench.dispatcher.collect()] == [2]


def test_a_result_of_params_that_were_never_proposed_is_set_aside(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    forged = job_of(0, params={"x": 0.9})
    atomic.replace(bench.folder.job(Slot(0)), forged.to_json(), durable=True)
    claim = claim_of(bench.folder)
    report(claim, result_of(claim).model_copy(update={"params": forged.params}), CURVE)
    assert bench.dispatcher.collect() == []
    assert "expected {'x': 0.25}" in next(bench.folder.rejected.glob("*.reason.txt")).read_text()


def test_a_job_that_vanishes_is_issued_again_but_not_before_a_slow_file_system_may_show_its_result(
    bench: Bench,
) -> None:
    publish(bench.dispatcher, [job_of(0)])
    bench.folder.job(Slot(0)).unlink()
    bench.dispatcher.collect()
    bench.clock.now_s += MISSING_S - 1
    bench.dispatcher.collect()
    assert bench.folder.open_slots() == []
    bench.clock.now_s += 2
    bench.dispatcher.collect()
    assert bench.folder.open_slots() == [Slot(0)]
    assert read_record(bench.folder.job(Slot(0)), Job).params == {"x": 0.25}


@pytest.mark.parametrize("is_refused", [True, False])
def test_a_trial_that_is_issued_again_is_told_of_with_the_place_of_what_was_refused(
    bench: Bench, caplog: pytest.LogCaptureFixture, is_refused: bool
) -> None:
    publish(bench.dispatcher, [job_of(0), job_of(1)])
    for trial, is_set_aside in ((0, is_refused), (1, not is_refused)):
        if is_set_aside:
            set_aside(bench.folder, bench.folder.job(Slot(trial)), "of another version")
    bench.folder.job(Slot(0)).unlink(missing_ok=True)
    bench.dispatcher.collect()
    bench.clock.now_s += MISSING_S + 1
    bench.dispatcher.collect()
    told = next(message for message in caplog.messages if message.startswith("trial 0 has neither"))
    assert told.endswith("; it is issued again")
    assert (f"(what was set aside of it lies in {bench.folder.rejected})" in told) is is_refused


def test_a_job_that_is_refused_again_and_again_ends_the_search_with_the_place_of_the_reasons(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])

    def refuse_for_ever() -> None:
        for _ in range(3 * spec_of().limits.max_issues):
            for slot in bench.folder.open_slots():
                set_aside(bench.folder, bench.folder.job(slot), "of another version")
            bench.dispatcher.collect()
            bench.clock.now_s += MISSING_S + 1

    with pytest.raises(SearchError, match=r"look for the reasons in .*rejected"):
        refuse_for_ever()


def test_the_job_of_a_silent_worker_is_issued_again_once(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    claim = claim_of(bench.folder)
    bench.beat("mine", 1)
    bench.dispatcher.issue_silent()
    bench.clock.now_s += 50
    bench.beat("mine", 2)
    bench.clock.now_s += 50
    bench.dispatcher.issue_silent()
    assert bench.folder.open_slots() == [Slot(0)]
    bench.beat("mine", 2)
    bench.clock.now_s += 20
    bench.dispatcher.issue_silent()
    bench.dispatcher.issue_silent()
    assert bench.folder.open_slots() == [Slot(0), Slot(0, 2)]
    claim.unlock()


def test_a_worker_that_never_beat_is_silent_from_when_the_master_first_saw_its_claim(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    bench.clock.now_s += 1000  # the job waited long, which says nothing about the worker that comes now
    claim = claim_of(bench.folder)
    bench.dispatcher.issue_silent()
    bench.clock.now_s += 59
    bench.dispatcher.issue_silent()
    assert len(bench.folder.open_slots()) == 1
    bench.clock.now_s += 2
    bench.dispatcher.issue_silent()
    assert len(bench.folder.open_slots()) == 2
    claim.unlock()


def test_a_worker_that_was_out_of_sight_before_it_claimed_is_not_silent(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    bench.beat("mine", 1)
    bench.clock.now_s += 1000  # at work on another study
    claim = claim_of(bench.folder)
    bench.dispatcher.issue_silent()
    bench.clock.now_s += 30
    bench.beat("mine", 2)
    bench.clock.now_s += 50
    bench.dispatcher.issue_silent()
    assert bench.folder.open_slots() == [Slot(0)]
    claim.unlock()


def test_the_job_of_a_dead_worker_is_free_already_and_not_issued_again(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    claim_of(bench.folder).unlock()  # what the kernel does when its process dies
    bench.dispatcher.issue_silent()
    bench.clock.now_s += 100
    bench.dispatcher.issue_silent()
    assert bench.folder.open_slots() == [Slot(0)]


def test_what_has_landed_is_not_forgotten_when_a_later_file_cannot_be_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(bench.dispatcher, [job_of(0), job_of(1)])
    for trial in (0, 1):
        bench.evaluate(trial)
    original = read_result

    def fail_at_the_second(folder: StudyFolder, trial: int, job: Job) -> object:
        if trial == 1:
            raise OSError(ESTALE, "Stale file handle")
        return original(folder, trial, job)

    with monkeypatch.context() as patched:
        patched.setattr(dispatch, "read_result", fail_at_the_second)
        with pytest.raises(OSError, match="Stale"):
            bench.dispatcher.collect()
    assert [result.trial for result in bench.dispatcher.collect()] == [0, 1]


def test_sweeping_finishes_what_a_crash_cut_short_and_leaves_live_claims_alone(bench: Bench) -> None:
    folder = bench.folder
    publish(bench.dispatcher, [job_of(0), job_of(1), job_of(2), job_of(3)])
    for trial in (0, 1):
        bench.evaluate(trial)
        atomic.replace(folder.job(Slot(trial)), job_of(trial).to_json(), durable=True)  # CLEAR never happened
    held = claim_of(folder, Slot(1))
    folder.lock(Slot(9)).touch()  # CLEAR stopped before its last step
    sweep(folder, Claims(Claimant("master")), ClaimMode.LOCK)
    assert folder.open_slots() == [Slot(1), Slot(2), Slot(3)]
    assert folder.locked_slots() == [Slot(1)]
    held.unlock()
    sweep(folder, Claims(Claimant("master")), ClaimMode.LOCK)
    assert folder.open_slots() == [Slot(2), Slot(3)]


def test_sweeping_attempts_settles_a_curve_that_a_crash_left_behind(bench: Bench) -> None:
    folder = bench.folder
    publish(bench.dispatcher, [job_of(0), job_of(1)])
    claim = bench.evaluate(0)
    folder.curve(0).rename(folder.running_curve(claim.attempt))
    (folder.checkpoints / "00000.issue1.attempt1.pt").touch()
    (folder.checkpoints / "00001.issue1.attempt1.pt").touch()  # of an open trial
    sweep_attempts(folder)
    assert folder.curve(0).exists()
    assert [path.name for path in folder.checkpoints.iterdir()] == ["00001.issue1.attempt1.pt"]


def test_files_whose_maker_is_gone_are_removed_and_those_in_the_making_are_not(bench: Bench) -> None:
    folder = bench.folder
    folder.master_lock.touch()
    dead = subprocess.Popen(["true"])
    dead.wait()
    mine = atomic._write_temporary(folder.job(Slot(0)), b"", durable=False)
    places = [folder.job(Slot(1)), folder.result(1), folder.worker("lab-1"), folder.running / "x.csv"]
    places += [folder.jobs.parent / "probe", folder.results.parent / "probe"]
    orphans = [atomic._write_temporary(path, b"", durable=False) for path in places]
    orphans = [path.rename(path.with_name(path.name.replace(f"-{os.getpid()}-", f"-{dead.pid}-"))) for path in orphans]
    elsewhere = [folder.jobs / f".{number}.json.0badcafe-1-0a1b2c3d.tmp" for number in (1, 2)]
    for path in elsewhere:
        path.touch()
    os.utime(elsewhere[1], (0, 0))
    remove_temporary_files(folder)
    assert [path for path in [mine, *orphans, *elsewhere] if path.exists()] == [mine, elsewhere[0]]


def test_an_old_file_whose_makers_number_another_process_bears_now_is_removed(bench: Bench) -> None:
    bench.folder.master_lock.touch()
    path = atomic._write_temporary(bench.folder.job(Slot(0)), b"", durable=False)
    os.utime(path, (0, 0))
    remove_temporary_files(bench.folder)
    assert not path.exists()


def test_a_temporary_file_that_vanishes_meanwhile_keeps_no_other_from_being_removed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.folder.master_lock.touch()
    paths = [atomic._write_temporary(bench.folder.job(Slot(trial)), b"", durable=False) for trial in range(3)]
    for path in paths:
        os.utime(path, (0, 0))
    monkeypatch.setattr(StudyFolder, "temporary_files", lambda _folder: iter(paths))
    paths[0].unlink()
    remove_temporary_files(bench.folder)
    assert not any(path.exists() for path in paths)


def test_a_step_costs_the_open_jobs_and_not_all_trials(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[Path] = []
    original = confinement.names_in

    def note(path: Path) -> list[str]:
        listed.append(path)
        return original(path)

    for shard in range(0, 100_000, 100):
        bench.folder.trial_folder(shard).mkdir(parents=True, exist_ok=True)
    publish(bench.dispatcher, [job_of(5), job_of(99_999, study="demo")])
    monkeypatch.setattr("common.layout.names_in", note)
    bench.dispatcher.collect()
    assert set(listed) == {bench.folder.jobs, bench.folder.trial_folder(5), bench.folder.trial_folder(99_999)}


def test_heartbeats_of_workers_that_were_killed_here_are_removed_and_no_others(bench: Bench) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    here = socket.gethostname()
    records = [
        WorkerRecord(worker=name, host=host, pid=pid, device="cpu", state="idle", beat=1, at="")
        for name, host, pid in (("mine", here, os.getpid()), ("dead", here, dead.pid), ("far", "elsewhere", dead.pid))
    ]
    for record in records:
        atomic.replace(bench.folder.worker(record.worker), record.to_json(), durable=False)
    bench.silence.observe(records)
    assert len(remove_dead_workers(bench.folder, records, bench.silence)) == 3
    bench.clock.now_s += 30
    assert [record.worker for record in remove_dead_workers(bench.folder, records, bench.silence)] == ["mine", "far"]
    assert [path.stem for path in bench.folder.worker_files()] == ["far", "mine"]
