"""Every file of a study's folder is cut at every byte, emptied, zeroed, or replaced by another file's text."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hyperspool.common.attempts import read_history
from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.curve import parse_curve, read_curve, to_text
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.errors import ProtocolError
from hyperspool.common.issues import AttemptName, EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.common.records import FailureKind
from hyperspool.common.report import read_result, report
from hyperspool.master.analysis.data.frames import load_study
from hyperspool.master.journal.file import read_journal
from hyperspool.master.run.only_master import only_master
from hyperspool.master.studies.published import ADVICE, read_published
from hyperspool.worker.queue import JobQueue
from tests.chaos.chaos import Weather
from tests.chaos.stage import Stage
from tests.common.test_report import claim_of, publish, result_of
from tests.conftest import job_of, spec_of
from tests.worker.clock import Clock

EPOCHS = [
    EpochRecord.of(
        epoch=epoch,
        seconds=0.5,
        training_loss=0.1 * epoch,
        validation_loss=1.0,
        validation_error=0.5,
        learning_rate=0.1,
    )
    for epoch in (1, 2, 3)
]


def cuts(content: bytes) -> Iterator[bytes]:
    """Yield every prefix of a file's content, then zeros of its length."""
    yield from (content[:length] for length in range(len(content)))
    yield bytes(len(content))


def is_as_good_as_whole(content: bytes, of: bytes) -> bool:
    """Return whether only the newline at the end of a JSON file is missing."""
    return content.strip(b"\0") != b"" and content.rstrip() == of.rstrip()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jobs(root: Path, clock: Clock) -> JobQueue:
    return JobQueue(root, None, None, Claims(Claimant("mine")), clock)


def test_study_file_cut_anywhere_gives_a_message_with_advice(folder: StudyFolder) -> None:
    content = folder.spec.read_bytes()
    for torn in cuts(content):
        folder.spec.write_bytes(torn)
        if is_as_good_as_whole(torn, content):
            assert read_published(folder) == spec_of()
            continue
        with pytest.raises(ProtocolError) as raised:
            read_published(folder)
        assert str(raised.value).startswith(f"{folder.spec}: ")
        assert str(raised.value).endswith(ADVICE)


def test_job_cut_anywhere_is_set_aside_and_costs_no_other(folder: StudyFolder, jobs: JobQueue, clock: Clock) -> None:
    publish(folder, Issue(0))
    publish(folder, Issue(1))
    content, other = folder.job(Issue(0)).read_bytes(), folder.job(Issue(1)).read_bytes()
    for torn in cuts(content):
        folder.job(Issue(0)).write_bytes(torn)
        clock.now_s += 60  # a job that has a lock file is not tried more than a few times a second
        claimed = jobs.next_claim()
        assert claimed is not None
        claimed.claim.unlock()
        jobs._turns.clear()
        assert claimed.claim.issue == (Issue(0) if is_as_good_as_whole(torn, content) else Issue(1))
        assert folder.job(Issue(1)).read_bytes() == other
        if claimed.claim.issue == Issue(1):
            assert torn in [path.read_bytes() for path in folder.rejected.glob("00000.json.*")]
            for path in folder.rejected.iterdir():
                path.unlink()


def test_result_cut_anywhere_is_set_aside_and_others_stay(folder: StudyFolder) -> None:
    for trial in (0, 1):
        publish(folder, Issue(trial))
        claim = claim_of(folder, Issue(trial))
        report(claim, result_of(claim), to_text(EPOCHS).encode())
    content = folder.result(0).read_bytes()
    others = {path: path.read_bytes() for path in (folder.result(1), folder.curve(1), folder.curve(0))}
    for torn in cuts(content):
        folder.result(0).write_bytes(torn)
        if is_as_good_as_whole(torn, content):
            assert read_result(folder, EvaluationName(0), job_of(0)) is not None
            continue
        assert read_result(folder, EvaluationName(0), job_of(0)) is None
        assert not folder.result(0).exists()
        assert {path: path.read_bytes() for path in others} == others
        for path in folder.rejected.iterdir():
            path.unlink()


def test_lock_file_cut_anywhere_repeats_no_attempt_number(
    folder: StudyFolder,
) -> None:
    publish(folder)
    for reason in ("first", "second"):
        claim = Claims(Claimant("lost")).try_lock(folder, Issue(0), ClaimMode.LOCK)
        assert claim is not None
        claim.start()
        claim.give_up(FailureKind.WORKER_LOST, reason)
    content = folder.lock(Issue(0)).read_bytes()
    for torn in cuts(content):
        folder.lock(Issue(0)).write_bytes(torn)
        before = read_history(folder.lock(Issue(0)))
        claim = claim_of(folder)
        claim.unlock()
        # A line torn so early that it may have been a claim counts as an attempt.
        assert before.counted <= 2 or len(torn.splitlines()[-1]) < len('{"event":"l')
        assert claim.attempt.number == before.last_attempt + 1
        after = read_history(folder.lock(Issue(0)))
        assert (after.last_attempt, after.counted) == (before.last_attempt + 1, before.counted + 1)


def test_foreign_text_in_a_lock_file_counts_as_one_attempt(folder: StudyFolder) -> None:
    publish(folder)
    folder.lock(Issue(0)).write_bytes(folder.spec.read_bytes())
    claim = claim_of(folder)
    claim.unlock()
    assert (claim.history.counted, claim.attempt.number) == (1, 2)


def test_cut_curve_of_a_lost_attempt_is_completed_or_rejected(folder: StudyFolder) -> None:
    content = to_text(EPOCHS).encode()
    for trial, torn in enumerate(cuts(content)):
        publish(folder, Issue(trial))
        claim = claim_of(folder, Issue(trial))
        path = folder.running_curve(claim.attempt)
        path.write_bytes(torn)
        try:
            records = read_curve(path, is_running=True)
        except ProtocolError:
            records = []
        assert to_text(records) == to_text(EPOCHS[: len(records)])
        # Report like a worker whose trial has used up its attempts.
        result = result_of(claim).model_copy(update={"epochs": len(records)})
        report(claim, result, to_text(records).encode() if records else b"")
        kept = parse_curve(folder.curve(trial).read_bytes(), path) if folder.curve(trial).exists() else []
        assert to_text(kept) == to_text(records)


def test_cut_curve_of_a_finished_trial_is_reported_alone(folder: StudyFolder) -> None:
    for trial in (0, 1):
        publish(folder, Issue(trial))
        claim = claim_of(folder, Issue(trial))
        report(claim, result_of(claim).model_copy(update={"epochs": 3}), to_text(EPOCHS).encode())
    content = folder.curve(0).read_bytes()
    before = folder.result(0).read_bytes()
    for torn in [*cuts(content)][::9]:
        folder.curve(0).write_bytes(torn)
        data = load_study(folder.root, folder.name)
        assert [line.split(":")[0] for line in data.unreadable] == [str(folder.curve(0))]
        assert sorted(data.trials["trial"]) == [0, 1]
        assert set(data.curves["trial"]) == {1}
        assert (folder.result(0).read_bytes(), folder.curve(0).read_bytes()) == (before, torn)


def test_a_masters_lock_file_may_hold_anything(folder: StudyFolder) -> None:
    for content in (b"", b"\0" * 100, b"process", folder.spec.read_bytes(), b"\xff\xfe"):
        folder.master_lock.write_bytes(content)
        with only_master(folder, ClaimMode.LOCK) as is_ours:
            assert is_ours()
            assert folder.master_lock.read_text().startswith(f"process {os.getpid()} on ")


# Below: whole programs, in a folder with one file of each kind, of which one is damaged.
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda content: content[: len(content) // 2],
    "emptied": lambda _content: b"",
    "in zeros": lambda content: bytes(len(content)),
    "with another file's text": lambda _content: job_of(0).to_json(),
}
FILES: dict[str, Callable[[StudyFolder], Path]] = {
    "job": lambda folder: folder.job(Issue(1)),
    "lock": lambda folder: folder.lock(Issue(1)),
    "lease": lambda folder: folder.lease(Issue(1)),
    "result": lambda folder: folder.result(0),
    "running curve": lambda folder: folder.running_curve(AttemptName(Issue(1), 1)),
    "checkpoint": lambda folder: folder.checkpoint(AttemptName(Issue(1), 1)),
    "heartbeat": lambda folder: folder.worker("victim"),
    "master.lock": lambda folder: folder.master_lock,
    "journal": lambda folder: folder.journal,
}


def in_mid_trial(stage: Stage) -> Stage:
    """Return the stage after a worker has finished trial 0 and died in the second epoch of trial 1."""
    for at in range(1, 1000):
        copy = stage.copy(f"{stage.root.name} {at}")
        copy.finish_with(copy.worker(at=5 * at), -signal.SIGKILL)
        if copy.folder.checkpoint(AttemptName(Issue(1), 1)).exists():
            return copy
    raise AssertionError("the worker never begins trial 1")


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stage]:
    """By kind of claim: a study of two trials; a worker finished one and died in the middle of the other."""
    base = tmp_path_factory.mktemp("torn")
    stages: dict[str, Stage] = {}
    for claim in ("lock", "lease"):
        stage = Stage.published(base / claim, Weather("", trials=2, batch=2, epochs=2, claim=claim))
        stage.expect_what_comes_undisturbed()
        stage.folder.master_lock.touch()
        stages[claim] = in_mid_trial(stage)
    return stages


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", FILES)
def test_a_study_completes_whichever_of_its_files_is_damaged(stages: dict[str, Stage], file: str, damage: str) -> None:
    stage = stages["lease" if file == "lease" else "lock"].copy(f"{file} {damage}")
    path = FILES[file](stage.folder)
    content = path.read_bytes()
    path.write_bytes(damaged := DAMAGES[damage](content))
    intact = {other: other.read_bytes() for other in stage.folder.trials.rglob("*.json") if other != path}
    assert stage.play() == ""
    assert {other: other.read_bytes() for other in intact} == intact
    # A journal that was cut short is not rejected: no job of its incomplete batch was published.
    is_wrong = file in {"job", "result"} or (file == "journal" and damage == "with another file's text")
    stage.check(f"{file} {damage}", rejected=[damaged] if is_wrong else [])


def test_study_completes_without_its_journal(stages: dict[str, Stage]) -> None:
    stage = stages["lock"].copy("journal deleted")
    before = read_journal(stage.folder, stage.spec).journal
    stage.folder.journal.unlink()
    assert stage.play() == ""
    after = read_journal(stage.folder, stage.spec).journal
    assert [batch.proposals for batch in after.batches] == [batch.proposals for batch in before.batches]
    stage.check("journal deleted")


@pytest.mark.parametrize("damage", DAMAGES)
def test_advice_for_a_damaged_study_file_works(stages: dict[str, Stage], damage: str) -> None:
    stage = stages["lock"].copy(f"study {damage}")
    spec = stage.folder.spec
    spec.write_bytes(DAMAGES[damage](spec.read_bytes()))
    results = {path: path.read_bytes() for path in stage.folder.trials.rglob("*.json")}
    master = stage.master()
    assert master.wait() not in {0, None}
    assert f"{spec}: " in master.output
    assert ADVICE in " ".join(master.output.split())
    spec.unlink()  # as the advice says
    assert stage.play() == ""
    assert {path: path.read_bytes() for path in results} == results
    stage.check(f"study {damage}")
