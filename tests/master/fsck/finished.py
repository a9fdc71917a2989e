"""What the tests of fsck do with a finished study: look at it, mend it, finish it again."""

from pathlib import Path

from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result
from hyperspool.common.report import report
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.watch import Wakeup
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.fsck.inspection import inspect
from hyperspool.master.run.loop import Search
from hyperspool.master.run.only_master import only_master
from tests.processes import Processes


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


def at_once() -> None:
    """Do not wait: there is no live process."""


def wrong(folder: StudyFolder, spec: StudySpec) -> dict[str, str]:
    """The causes of the breaches, by file relative to the shared folder."""
    found = (breach for breach in inspect(folder, spec, at_once) if breach.severity is Severity.BREACH)
    return {str(breach.path.relative_to(folder.root)): breach.cause for breach in found}


def contents(folder: StudyFolder) -> dict[str, bytes]:
    places = (folder.jobs, folder.results)
    files = (path for place in places for path in place.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(folder.root)): path.read_bytes() for path in files}


def evaluate_again(folder: StudyFolder, spec: StudySpec, finished: StudyFolder) -> set[int]:
    """Do a worker's part for the open jobs: report the first results again, as the deterministic objective would."""
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


def keep_batches(folder: StudyFolder, count: int) -> None:
    """Cut the journal off after a number of batches of four trials."""
    folder.journal.write_bytes(b"".join(folder.journal.read_bytes().splitlines(keepends=True)[: 5 * count]))


def master_lock_of(folder: StudyFolder, spec: StudySpec) -> Path:
    return folder.master_lock if spec.claim is ClaimMode.LOCK else folder.master_lock.with_suffix(".lease")
