import os
import socket
import subprocess

import pytest

from hyperspool.common import atomic
from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.master.run.housekeeping import (
    GONE,
    remove_dead_workers,
    remove_kept_checkpoints,
    remove_temporary_files,
    sweep,
    sweep_attempts,
)
from tests.common.test_report import claim_of
from tests.conftest import job_of
from tests.master.bench import Bench, publish

STALE_S = 60.0


def test_sweep_finishes_interrupted_clears_and_spares_live_claims(bench: Bench) -> None:
    folder = bench.folder
    publish(bench.dispatcher, [job_of(0), job_of(1), job_of(2), job_of(3)])
    for trial in (0, 1):
        bench.evaluate(trial)
        atomic.replace(folder.job(Issue(trial)), job_of(trial).to_json(), durable=True)  # CLEAR was never begun
    held = claim_of(folder, Issue(1))
    folder.lock(Issue(9)).touch()  # CLEAR stopped before its last step
    sweep(folder, Claims(Claimant("master")), ClaimMode.LOCK)
    assert folder.open_issues() == [Issue(1), Issue(2), Issue(3)]
    assert folder.locked_issues() == [Issue(1)]
    held.unlock()
    sweep(folder, Claims(Claimant("master")), ClaimMode.LOCK)
    assert folder.open_issues() == [Issue(2), Issue(3)]


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


def test_useless_checkpoint_goes_wherever_its_worker_has_it(bench: Bench) -> None:
    folder = bench.folder
    left = ("00000.issue1.attempt1.pt", "00000.pt", "00001.issue1.attempt2.pt", "00002.issue1.attempt1.pt", "00003.pt")
    for name in left:
        (folder.checkpoints / name).touch()
    remove_kept_checkpoints(folder, {(0, 0), (1, 0)})
    assert sorted(path.name for path in folder.checkpoints.iterdir()) == list(left[3:])


def test_only_temporary_files_without_a_maker_are_removed(bench: Bench) -> None:
    folder = bench.folder
    folder.master_lock.touch()
    dead = subprocess.Popen(["true"])
    dead.wait()
    mine = atomic._write_temporary(folder.job(Issue(0)), b"")
    places = [folder.job(Issue(1)), folder.result(1), folder.worker("lab-1"), folder.running / "x.csv"]
    places += [folder.jobs.parent / "probe", folder.results.parent / "probe"]
    orphans = [atomic._write_temporary(path, b"") for path in places]
    orphans = [path.rename(path.with_name(path.name.replace(f"-{os.getpid()}-", f"-{dead.pid}-"))) for path in orphans]
    elsewhere = [folder.jobs / f".{number}.json.0badcafe-1-0a1b2c3d.tmp" for number in (1, 2)]
    for path in elsewhere:
        path.touch()
    os.utime(elsewhere[1], (0, 0))
    remove_temporary_files(folder)
    assert [path for path in [mine, *orphans, *elsewhere] if path.exists()] == [mine, elsewhere[0]]


def test_old_temporary_file_with_a_reused_pid_is_removed(bench: Bench) -> None:
    bench.folder.master_lock.touch()
    path = atomic._write_temporary(bench.folder.job(Issue(0)), b"")
    os.utime(path, (0, 0))
    remove_temporary_files(bench.folder)
    assert not path.exists()


def test_vanishing_temporary_file_does_not_stop_the_removal(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.folder.master_lock.touch()
    paths = [atomic._write_temporary(bench.folder.job(Issue(trial)), b"") for trial in range(3)]
    for path in paths:
        os.utime(path, (0, 0))
    monkeypatch.setattr(StudyFolder, "temporary_files", lambda _folder: iter(paths))
    paths[0].unlink()
    remove_temporary_files(bench.folder)
    assert not any(path.exists() for path in paths)


def test_heartbeats_of_workers_that_are_gone_are_removed(bench: Bench) -> None:
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
    assert len(remove_dead_workers(bench.folder, records, bench.silence, STALE_S)) == 3
    bench.clock.now_s += 30
    assert [record.worker for record in remove_dead_workers(bench.folder, records, bench.silence, STALE_S)] == [
        "mine",
        "far",
    ]
    assert [path.stem for path in bench.folder.worker_files()] == ["far", "mine"]
    bench.clock.now_s += GONE * STALE_S
    assert remove_dead_workers(bench.folder, records, bench.silence, STALE_S) == []
