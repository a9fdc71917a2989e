"""Each test damages the folder of a study that real processes finished; fsck names the breach and mends it."""

import shutil

import pytest

from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.curve import read_curve, to_text
from hyperspool.common.errors import StudyBusyError, UsageError
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode, is_held, make_lock, try_acquire
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.fsck.breach import Severity
from hyperspool.master.fsck.examination import examine_study
from hyperspool.master.fsck.inspection import find_breaches, inspect
from hyperspool.master.fsck.repair import repair
from tests.master.fsck.cases import CASES, TOGETHER, Case
from tests.master.fsck.damage import (
    FIRST,
    change,
    claims_by_lock,
    lock_without_a_job,
    lost_result,
    open_job,
    torn_result,
    write_heartbeat,
)
from tests.master.fsck.finished import (
    at_once,
    contents,
    evaluate_again,
    is_finished,
    master_lock_of,
    run_to_its_end,
    to_be_set_aside,
    wrong,
)


def test_a_finished_study_is_in_order(folder: StudyFolder, spec: StudySpec) -> None:
    assert inspect(folder, spec, at_once) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.damage.__name__)
def test_breach_is_named_and_mended_and_nothing_else_changes(
    folder: StudyFolder, spec: StudySpec, finished: StudyFolder, case: Case
) -> None:
    before = contents(folder)
    case.damage(folder)
    damaged = contents(folder)
    found = inspect(folder, spec, at_once)
    assert [file for file, cause in wrong(folder, spec).items() if file.startswith(case.file) and case.cause in cause]
    assert contents(folder) == damaged  # looking changes nothing
    if case.damage is lock_without_a_job and not claims_by_lock(folder):
        return  # nobody holds an empty lease, but only half a minute of watching shows it

    aside = to_be_set_aside(found)
    left = repair(folder, spec, found).left
    assert aside <= {path.read_bytes() for path in folder.rejected.glob("*") if path.is_file()}
    assert [breach for breach in left if breach.severity is Severity.BREACH] == []
    assert wrong(folder, spec) == {}
    assert {issue.trial for issue in folder.open_issues()} == case.again

    after = contents(folder)
    undamaged = {name for name, content in before.items() if damaged.get(name) == content}
    touched = {f"{FIRST}/{trial:05}" for trial in case.again} | {"master.l"}
    assert all(after.get(name) == before[name] for name in undamaged if not any(part in name for part in touched))
    evaluate_again(folder, spec, finished)
    assert is_finished(folder, spec)
    assert wrong(folder, spec) == {}


def test_study_with_all_breaches_mended_can_be_finished(folder: StudyFolder, spec: StudySpec) -> None:
    for damage in TOGETHER:
        damage(folder)
    found = inspect(folder, spec, at_once)
    assert len(found) >= len(TOGETHER)
    assert not [breach for breach in repair(folder, spec, found).left if breach.severity is Severity.BREACH]
    run_to_its_end(folder.root)
    assert wrong(folder, spec) == {}


def test_an_issue_of_a_live_worker_is_left_alone(folder: StudyFolder, spec: StudySpec) -> None:
    path = open_job(folder, 8)
    leftover_checkpoint_of = folder.checkpoint(AttemptName(Issue(8), 1))
    leftover_checkpoint_of.write_bytes(b"state")
    claim = Claims(Claimant("live")).try_lock(folder, Issue(8), spec.claim)
    assert claim is not None
    try:
        assert wrong(folder, spec) == {}
        assert repair(folder, spec, inspect(folder, spec, at_once)).mended == []
        assert path.exists()
    finally:
        claim.unlock()
    assert str(path.relative_to(folder.root)) in wrong(folder, spec) or spec.claim is ClaimMode.LEASE


def test_a_step_of_a_live_process_is_not_a_breach(folder: StudyFolder, spec: StudySpec) -> None:
    job = open_job(folder, 8)
    assert wrong(folder, spec)
    assert inspect(folder, spec, job.unlink) == []


def test_running_master_publishes_missing_trials_itself(folder: StudyFolder, spec: StudySpec) -> None:
    lost_result(folder)
    assert wrong(folder, spec)
    path = master_lock_of(folder, spec)
    master = make_lock(path, spec.claim)
    assert try_acquire(master)
    try:
        assert is_held(path, spec.claim)
        assert wrong(folder, spec) == {}
        with pytest.raises(StudyBusyError):
            repair(folder, spec, [])
    finally:
        master.release()


@pytest.mark.parametrize(
    ("content", "cause"),
    [("{", "not valid JSON"), ('{"name": "demo"}', "objective: missing"), (None, "is missing")],
)
def test_damaged_study_file_is_named_and_left_in_place(folder: StudyFolder, content: str | None, cause: str) -> None:
    if content is None:
        folder.spec.unlink()
    else:
        folder.spec.write_text(content)
    for is_to_repair in (False, True):
        found = examine_study(folder.root, "demo", is_to_repair=is_to_repair)
        assert [breach.path for breach in found.left] == [folder.spec]
        assert cause in found.left[0].cause
    assert folder.spec.exists() == (content is not None)


def test_a_study_that_nobody_published_is_wrong_usage(folder: StudyFolder) -> None:
    with pytest.raises(UsageError, match="no study 'missing'"):
        examine_study(folder.root, "missing", is_to_repair=False)


@pytest.mark.parametrize(("change_of", "cause"), [("value", "value"), ("curve", "its curve differs from epoch 2 on")])
def test_late_result_that_differs_is_a_warning_with_both_files(
    folder: StudyFolder, spec: StudySpec, change_of: str, cause: str
) -> None:
    folder.duplicates.mkdir()
    late = folder.duplicate(AttemptName(Issue(2), 2))
    shutil.copy(folder.result(2), late)
    change(late, attempt=2)
    curve = [record.model_copy(update={"seconds": 77.0}) for record in read_curve(folder.curve(2))]
    late.with_suffix(".csv").write_text(to_text(curve))
    assert inspect(folder, spec, at_once) == []  # seconds may differ
    if change_of == "value":
        change(late, value=0.9)
    else:
        curve[1] = curve[1].model_copy(update={"metrics": {**curve[1].metrics, "validation_error": 0.987}})
        late.with_suffix(".csv").write_text(to_text(curve))
    (warning,) = inspect(folder, spec, at_once)
    assert (warning.severity, warning.path) == (Severity.WARNING, late)
    assert f"it differs from results/demo/{FIRST}/00002.json" in warning.cause
    assert cause in warning.cause


def test_rejected_files_are_listed_with_their_reasons(folder: StudyFolder, spec: StudySpec) -> None:
    torn_result(folder)
    repair(folder, spec, inspect(folder, spec, at_once))
    notes = [breach for breach in inspect(folder, spec, at_once) if breach.severity is Severity.NOTE]
    assert [note.path.name.split(".")[0] for note in notes] == ["00002", "00002"]
    assert any("not valid JSON" in note.cause for note in notes)


def test_links_for_folders_and_open_permissions_are_named(folder: StudyFolder, spec: StudySpec) -> None:
    folder.trials.chmod(0o777)
    folder.result(2).chmod(0o666)
    folder.checkpoints.rename(folder.root / "elsewhere")
    folder.checkpoints.symlink_to(folder.root / "elsewhere")
    found = {breach.path: (breach.severity, breach.cause) for breach in inspect(folder, spec, at_once)}
    assert found[folder.checkpoints][0] is Severity.BREACH
    assert "symbolic link" in found[folder.checkpoints][1]
    assert found[folder.trials] == (Severity.WARNING, "anyone on the machine may change it: chmod o-w")
    assert "1 of its files" in found[folder.result(2).parent][1]


def test_silent_worker_elsewhere_is_a_warning_that_repair_leaves(folder: StudyFolder, spec: StudySpec) -> None:
    write_heartbeat(folder, "elsewhere", 1)
    found = inspect(folder, spec, at_once)
    assert [breach.severity for breach in found] == [Severity.WARNING]
    assert repair(folder, spec, found).mended == []
    assert folder.worker("lab-1").exists()


def test_one_look_reads_only(folder: StudyFolder, spec: StudySpec) -> None:
    before = {path: path.lstat().st_mtime_ns for path in folder.root.rglob("*")}
    find_breaches(folder, spec)
    assert {path: path.lstat().st_mtime_ns for path in folder.root.rglob("*")} == before
