"""Every breach is made by hand in the folder of a study that real processes finished; fsck names it and mends it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.curve import read_curve, to_text
from hyperspool.common.errors import StudyBusyError, UsageError
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode, is_held, make_lock, try_acquire
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result
from hyperspool.common.report import report
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.watch import Wakeup
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.fsck.examination import examine_study
from hyperspool.master.fsck.inspection import find_breaches, inspect, read_spec
from hyperspool.master.fsck.repair import repair
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.journal.file import read_journal
from hyperspool.master.run.loop import Search, only_master
from tests.master.fsck.damage import (
    CASES,
    FIRST,
    TOGETHER,
    Case,
    change,
    claims_by_lock,
    forget,
    journal_cut_short,
    journal_of_another_seed,
    journal_that_is_a_folder,
    lock_without_a_job,
    lost_result,
    open_job,
    torn_journal,
    torn_result,
    write_heartbeat,
)
from tests.processes import Processes

STUDY = """
trials = 10
batch = 4
objective.name = "curved"
budget.epochs = 3
space.x = { type = "float", low = 0, high = 1 }
"""


@pytest.fixture(scope="module", params=["lock", "lease"])
def finished(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    root = tmp_path_factory.mktemp("finished")
    study = root / "demo.toml"
    study.write_text(f'claim = "{request.param}"\n{STUDY}')
    run_to_its_end(root)
    return StudyFolder(root, "demo")


def run_to_its_end(root: Path) -> None:
    processes = Processes(root)
    try:
        master = processes.master(root / "demo.toml")
        worker = processes.worker(objective="curved")
        processes.finish(master)
        worker.terminate()
        processes.finish(worker)
    finally:
        processes.kill_all()


@pytest.fixture
def folder(finished: StudyFolder, tmp_path: Path) -> StudyFolder:
    """A copy of a finished study, to be damaged."""
    shutil.copytree(finished.root, tmp_path / "copy")
    return StudyFolder(tmp_path / "copy", "demo")


@pytest.fixture
def spec(folder: StudyFolder) -> StudySpec:
    found = read_spec(folder)
    assert isinstance(found, StudySpec)
    return found


def at_once() -> None:
    """No live process is there to wait for."""


def wrong(folder: StudyFolder, spec: StudySpec) -> dict[str, str]:
    """The files of the breaches, relative to the study's results or jobs, with their causes."""
    found = (breach for breach in inspect(folder, spec, at_once) if breach.severity is Severity.BREACH)
    return {str(breach.path.relative_to(folder.root)): breach.cause for breach in found}


def contents(folder: StudyFolder) -> dict[str, bytes]:
    places = (folder.jobs, folder.results)
    files = (path for place in places for path in place.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(folder.root)): path.read_bytes() for path in files}


def evaluate_again(folder: StudyFolder, spec: StudySpec, finished: StudyFolder) -> set[int]:
    """What a worker would do with the jobs that are open: the same as before, since the objective repeats itself."""
    trials = set()
    for issue in folder.open_issues():
        claim = Claims(Claimant("again")).try_lock(folder, issue, spec.claim)
        assert claim is not None
        claim.start()
        before = read_record(finished.result(issue.trial), Result)
        result = before.model_copy(update={"issue": issue.number, "attempt": claim.attempt.number})
        assert report(claim, result, finished.curve(issue.trial).read_bytes())
        trials.add(issue.trial)
    return trials


def to_be_set_aside(found: list[Breach]) -> set[bytes]:
    remedies = {Remedy.SET_ASIDE, Remedy.EVALUATE_AGAIN}
    return {one.path.read_bytes() for one in found if one.remedy in remedies and one.path.is_file()}


def is_finished(folder: StudyFolder, spec: StudySpec) -> bool:
    bell = Wakeup()
    try:
        with only_master(folder, spec.claim):
            return Search(folder, spec, bell, lambda: False).resume()
    finally:
        bell.close()


def test_a_finished_study_is_in_order(folder: StudyFolder, spec: StudySpec) -> None:
    assert inspect(folder, spec, at_once) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.damage.__name__)
def test_breach_is_named_and_mended_and_nothing_else_is_touched(
    folder: StudyFolder, spec: StudySpec, finished: StudyFolder, case: Case
) -> None:
    before = contents(folder)
    case.damage(folder)
    damaged = contents(folder)
    found = inspect(folder, spec, at_once)
    assert [file for file, cause in wrong(folder, spec).items() if file.startswith(case.file) and case.cause in cause]
    assert contents(folder) == damaged  # looking changes nothing
    if case.damage is lock_without_a_job and not claims_by_lock(folder):
        return  # an empty lease is nobody's: whoever watches it for half a minute takes it

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


def test_study_mended_of_all_breaches_comes_to_its_end(folder: StudyFolder, spec: StudySpec) -> None:
    for damage in TOGETHER:
        damage(folder)
    found = inspect(folder, spec, at_once)
    assert len(found) >= len(TOGETHER)
    assert not [breach for breach in repair(folder, spec, found).left if breach.severity is Severity.BREACH]
    run_to_its_end(folder.root)
    assert wrong(folder, spec) == {}


def test_what_a_live_worker_holds_is_left_to_it(folder: StudyFolder, spec: StudySpec) -> None:
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


def test_what_a_live_process_puts_right_is_no_breach(folder: StudyFolder, spec: StudySpec) -> None:
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


def test_study_interrupted_between_two_batches_is_in_order(folder: StudyFolder, spec: StudySpec) -> None:
    for trial in range(4, 10):
        forget(folder, trial)
    whole = folder.journal.read_bytes()
    keep_batches(folder, 1)
    assert inspect(folder, spec, at_once) == []
    folder.journal.write_bytes(whole)
    open_job(folder, 4)
    keep_batches(folder, 2)
    missing = [breach.evaluation for breach in inspect(folder, spec, at_once)]
    assert missing == [(5, 0), (6, 0), (7, 0)]


def keep_batches(folder: StudyFolder, count: int) -> None:
    """Cut the journal off behind a number of batches of four trials."""
    folder.journal.write_bytes(b"".join(folder.journal.read_bytes().splitlines(keepends=True)[: 5 * count]))


def test_batch_recorded_but_never_published_is_issued(
    folder: StudyFolder, spec: StudySpec, finished: StudyFolder
) -> None:
    """As if the master had been killed after it wrote the second batch down."""
    for trial in range(4, 10):
        forget(folder, trial)
    keep_batches(folder, 2)
    found = inspect(folder, spec, at_once)
    assert [breach.evaluation for breach in found] == [(trial, 0) for trial in range(4, 8)]
    assert {breach.remedy for breach in found} == {Remedy.ISSUE}
    assert repair(folder, spec, found).left == []
    assert evaluate_again(folder, spec, finished) == {4, 5, 6, 7}
    assert wrong(folder, spec) == {}


def recorded(folder: StudyFolder, spec: StudySpec) -> list[ProposalEntry]:
    found = read_journal(folder, spec)
    assert (found.damage, found.is_cut_short) == (None, False)
    return list(found.journal.entries.values())


def test_study_without_a_journal_is_a_warning_and_gets_one(folder: StudyFolder, spec: StudySpec) -> None:
    """As one of a version that kept none."""
    before = recorded(folder, spec)
    folder.journal.unlink()
    (warning,) = found = inspect(folder, spec, at_once)
    assert (warning.severity, warning.path, warning.remedy) == (Severity.WARNING, folder.journal, Remedy.RECORD)
    assert warning.cause == "10 proposals are not recorded, though there are jobs or results of them"
    assert not folder.journal.exists()
    assert repair(folder, spec, found).mended == [warning]
    assert recorded(folder, spec) == before
    assert inspect(folder, spec, at_once) == []


@pytest.mark.parametrize("damage", [journal_cut_short, torn_journal, journal_of_another_seed, journal_that_is_a_folder])
def test_damaged_journal_is_written_as_it_was(
    folder: StudyFolder, spec: StudySpec, damage: Callable[[StudyFolder], None]
) -> None:
    before = recorded(folder, spec)
    assert len(before) == 10
    damage(folder)
    repair(folder, spec, inspect(folder, spec, at_once))
    assert recorded(folder, spec) == before


def test_damaged_journal_is_kept_aside_with_its_reason(folder: StudyFolder, spec: StudySpec) -> None:
    torn_journal(folder)
    damaged = folder.journal.read_bytes()
    repair(folder, spec, inspect(folder, spec, at_once))
    aside = {path.name.endswith(".reason.txt"): path.read_bytes() for path in folder.rejected.iterdir()}
    assert aside[False] == damaged
    assert b"the journal is damaged: line 7" in aside[True]


def test_batch_known_by_an_open_job_is_recorded_and_issued(folder: StudyFolder, spec: StudySpec) -> None:
    before = recorded(folder, spec)
    for trial in (8, 9):
        forget(folder, trial)
    open_job(folder, 8)
    keep_batches(folder, 2)
    missing, warning = found = inspect(folder, spec, at_once)
    assert (missing.evaluation, missing.remedy) == ((9, 0), Remedy.ISSUE)
    assert (warning.severity, warning.path) == (Severity.WARNING, folder.journal)
    assert warning.cause.startswith("2 proposals are not recorded")
    assert repair(folder, spec, found).left == []
    assert recorded(folder, spec) == before
    assert folder.open_issues() == [Issue(8), Issue(9)]


def test_running_masters_unfinished_line_is_no_breach(folder: StudyFolder, spec: StudySpec) -> None:
    journal_cut_short(folder)
    assert wrong(folder, spec)
    master = make_lock(master_lock_of(folder, spec), spec.claim)
    assert try_acquire(master)
    try:
        assert wrong(folder, spec) == {}
    finally:
        master.release()


def master_lock_of(folder: StudyFolder, spec: StudySpec) -> Path:
    return folder.master_lock if spec.claim is ClaimMode.LOCK else folder.master_lock.with_suffix(".lease")


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


@pytest.mark.parametrize(("change_of", "told"), [("value", "value"), ("curve", "its curve does, from epoch 2 on")])
def test_late_result_that_differs_is_a_warning_with_both_files(
    folder: StudyFolder, spec: StudySpec, change_of: str, told: str
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
        curve[1] = curve[1].model_copy(update={"validation_error": 0.987})
        late.with_suffix(".csv").write_text(to_text(curve))
    (warning,) = inspect(folder, spec, at_once)
    assert (warning.severity, warning.path) == (Severity.WARNING, late)
    assert f"it differs from results/demo/{FIRST}/00002.json" in warning.cause
    assert told in warning.cause


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
