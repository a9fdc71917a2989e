"""FAILED trials are evaluated again when somebody asks for it, from their last checkpoints."""

import json
import signal
from pathlib import Path

import pytest

from hyperspool.common.curve import read_curve
from hyperspool.common.issued import last_issues
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Status
from hyperspool.common.rejection import set_aside
from hyperspool.master.results.retrying import retry
from tests.commands import refused, said
from tests.processes import Processes, leftovers, results_of, until

STUDY = """
name = "mended"
batch = 3 # more than there are trials, so that two that fail alike do not end the run before its last tidying
objective = { name = "mended", measure = "loss" }
budget.epochs = 2
sampler.name = "grid"
[space]
x = [0.1, XS]
"""


@pytest.fixture
def folder(root: Path) -> StudyFolder:
    return StudyFolder(root, "mended")


def written(root: Path, others: str) -> Path:
    path = root / "mended.toml"
    path.write_text(STUDY.replace("XS", others))
    return path


def failed(root: Path, processes: Processes) -> Path:
    """A finished study of two trials, both FAILED."""
    study = written(root, "0.2")
    processes.worker(objective="mended")
    assert processes.master(study).wait(60) == 1
    return study


def test_retried_trials_of_a_finished_study_begin_again(root: Path, processes: Processes, folder: StudyFolder) -> None:
    study = failed(root, processes)
    assert {result.status for result in results_of(folder).values()} == {Status.FAILED}
    printed = said("master", "retry", "mended", "--failed", "--root", str(root))
    assert "mended: 2 trials open again: 0, 1" in printed
    assert "run mended" in printed
    assert results_of(folder) == {}
    (root / "mended").touch()
    processes.finish(processes.master(study))
    results = results_of(folder)
    assert {(result.status, result.value, result.issue) for result in results.values()} == {(Status.COMPLETE, 0.0, 2)}
    assert [len(read_curve(folder.curve(trial))) for trial in results] == [1, 1]
    assert leftovers(folder) == []
    assert "in order" in said("master", "fsck", "mended", "--root", str(root))
    assert any(path.name.startswith("00000.json.") for path in folder.rejected.iterdir())
    assert last_issues(folder)[0, 0] == 1  # of what failed; a later one is in the result


def test_running_master_goes_on_from_the_checkpoint_at_once(
    root: Path, processes: Processes, folder: StudyFolder
) -> None:
    master = processes.master(written(root, "0.9"))
    for _ in range(2):
        processes.worker(objective="mended")
    until(lambda: folder.finished([(0, 0)]), "the first trial fails", root)
    (root / "mended").touch()
    assert "run mended" not in said("master", "retry", "mended", "--trial", "0", "--root", str(root))
    until(lambda: folder.finished([(0, 0)]), "it is evaluated again", root)
    (root / "go").touch()
    processes.finish(master)
    assert {trial: result.status for trial, result in results_of(folder).items()} == dict.fromkeys(
        (0, 1), Status.COMPLETE
    )
    assert (results_of(folder)[0].value, results_of(folder)[0].resumed_from_epoch) == (1.0, 1)
    stands = json.loads(said("master", "status", "mended", "--json", "--root", str(root)))
    assert (stands["counts"]["COMPLETE"], stands["counts"]["FAILED"]) == (2, 0)


def test_retry_that_was_killed_midway_can_be_repeated(root: Path, processes: Processes, folder: StudyFolder) -> None:
    study = failed(root, processes)
    result = results_of(folder)[0]
    set_aside(folder, folder.curve(0), "the first of its steps")
    retry(folder, result)
    (root / "mended").touch()
    processes.finish(processes.master(study, "--set", "limits.exception_retries=0"))
    assert (results_of(folder)[0].status, results_of(folder)[1].status) == (Status.COMPLETE, Status.FAILED)


REFUSED = {
    (): "which trials? Give --trial N (repeatable) or --failed",
    ("--trial", "0", "--failed"): "which trials?",
    ("--trial", "7"): "trial 7 of study mended is without a result, not FAILED; nothing was changed",
    ("--trial", "0", "--trial", "1"): "trial 1 of study mended is COMPLETE, not FAILED",
}


def test_trial_that_is_not_failed_is_refused(root: Path, processes: Processes, folder: StudyFolder) -> None:
    study = failed(root, processes)
    said("master", "retry", "mended", "--trial", "1", "--root", str(root))
    (root / "mended").touch()
    processes.finish(processes.master(study))
    before = results_of(folder)
    for arguments, message in REFUSED.items():
        assert message in refused("master", "retry", "mended", *arguments, "--root", str(root))
    assert results_of(folder) == before


def test_master_killed_after_a_retry_finds_the_open_trial(
    root: Path, processes: Processes, folder: StudyFolder
) -> None:
    master = processes.master(written(root, "0.9"))
    worker = processes.worker(objective="mended")
    until(lambda: folder.finished([(0, 0)]), "the first trial fails", root)
    for process in (master, worker):
        process.send_signal(signal.SIGKILL)
        process.wait()
    said("master", "retry", "mended", "--failed", "--root", str(root))
    for name in ("mended", "go"):
        (root / name).touch()
    processes.worker(objective="mended")
    processes.finish(processes.master(root / "mended.toml"))
    assert {result.status for result in results_of(folder).values()} == {Status.COMPLETE}
