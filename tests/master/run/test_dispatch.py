from collections import Counter
from errno import ESTALE
from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.errors import SearchError
from hyperspool.common.issued import last_issues
from hyperspool.common.issues import AttemptName, EvaluationKey, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record, record_of
from hyperspool.common.records import Job, Result
from hyperspool.common.rejection import set_aside
from hyperspool.common.report import report
from hyperspool.master.run import dispatch
from hyperspool.master.run.dispatch import MISSING_S
from hyperspool.master.run.jobs_listing import JobsListing
from tests.common.test_report import CURVE, claim_of, result_of
from tests.conftest import job_of, spec_of
from tests.master.bench import Bench, publish


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


def test_restarted_master_publishes_only_missing_jobs(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0), job_of(1)])
    bench.evaluate(0)
    before = bench.folder.job(Issue(1)).stat().st_ino
    again = bench.restarted()
    publish(again, [job_of(0), job_of(1), job_of(2)])
    assert bench.folder.job(Issue(1)).stat().st_ino == before
    assert bench.folder.open_issues() == [Issue(1), Issue(2)]
    assert [result.trial for result in again.collect()] == [0]


@pytest.mark.parametrize("trace", ["lock", "curve", "checkpoint", "refused"])
def test_restarted_master_gives_a_vanished_job_an_unused_name(bench: Bench, trace: str) -> None:
    folder = bench.folder
    publish(bench.dispatcher, [job_of(0), job_of(1)])
    claim = claim_of(folder) if trace == "lock" else None
    if trace == "curve":
        folder.running_curve(AttemptName(Issue(0), 1)).touch()
    if trace == "checkpoint":
        folder.checkpoint(AttemptName(Issue(0), 1)).touch()
    if trace == "refused":
        set_aside(folder, folder.job(Issue(0)), "of another version")
    folder.job(Issue(0)).unlink(missing_ok=True)
    publish(bench.restarted(), [job_of(0), job_of(1)])
    assert folder.open_issues() == [Issue(0, number=2), Issue(1)]
    assert read_record(folder.job(Issue(0, number=2)), Job).issue == 2
    if claim:
        claim.unlock()


@pytest.mark.parametrize("content", [b"", bytes(700), b'{"schema_version": 1,'])
def test_restarted_master_issues_a_torn_job_again(bench: Bench, content: bytes) -> None:
    publish(bench.dispatcher, [job_of(0), job_of(1)])
    bench.folder.job(Issue(0)).write_bytes(content)
    publish(bench.restarted(), [job_of(0), job_of(1)])
    assert bench.folder.open_issues() == [Issue(0, number=2), Issue(1)]
    assert read_record(bench.folder.job(Issue(0, number=2)), Job).params == job_of(0).params
    assert len(list(bench.folder.rejected.glob("00000.json.*.reason.txt"))) == 1


def test_a_result_is_found_in_turn_while_its_job_stays(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(trial) for trial in (0, 100, 200)])
    job = bench.folder.job(Issue(200)).read_bytes()
    bench.evaluate(200)
    bench.folder.job(Issue(200)).write_bytes(job)  # its worker was stopped between REPORT and CLEAR
    for _ in range(3):
        bench.dispatcher.compare(JobsListing(bench.folder), folders=1)
    assert [result.trial for result in bench.dispatcher.collect(set())] == [200]


def test_job_without_any_trace_may_reuse_its_name(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    claim = claim_of(bench.folder)
    bench.folder.job(Issue(0)).unlink()
    claim.remove_lock_file()  # as RECHECK does
    claim.unlock()
    publish(bench.restarted(), [job_of(0)])
    assert bench.folder.open_issues() == [Issue(0)]


def test_repeated_rejection_ends_the_search_until_a_restart(
    bench: Bench,
) -> None:
    publish(bench.dispatcher, [job_of(0)])
    most = spec_of().limits.max_issues

    def forge_for_ever() -> None:
        for _ in range(3 * most):
            for issue in bench.folder.open_issues():
                claim = claim_of(bench.folder, issue)
                report(claim, result_of(claim).model_copy(update={"params": {"x": 0.9}}), CURVE)
            bench.dispatcher.collect()
            bench.clock.now_s += MISSING_S + 1

    with pytest.raises(SearchError, match=f"trial 0 was issued {most} times"):
        forge_for_ever()
    again = bench.restarted()
    publish(again, [job_of(0)])
    assert bench.folder.open_issues() == [Issue(0, number=most + 1)]
    bench.evaluate(0, issue=most + 1)
    assert [result.issue for result in again.collect()] == [most + 1]


def test_invalid_result_is_set_aside_and_its_trial_issued_again(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    bench.folder.job(Issue(0)).unlink()
    bench.folder.result(0).write_text('{"schema_version": 1, "study"')
    assert bench.dispatcher.collect() == []
    assert len(list(bench.folder.rejected.glob("*.reason.txt"))) == 1
    bench.clock.now_s += MISSING_S + 1
    bench.dispatcher.collect()
    assert bench.folder.open_issues() == [Issue(0, number=2)]
    bench.evaluate(0, issue=2)
    assert [result.issue for result in bench.dispatcher.collect()] == [2]


def test_result_with_other_params_is_set_aside(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    forged = job_of(0, params={"x": 0.9})
    atomic.replace(bench.folder.job(Issue(0)), forged.to_json(), durable=True)
    claim = claim_of(bench.folder)
    report(claim, result_of(claim).model_copy(update={"params": forged.params}), CURVE)
    assert bench.dispatcher.collect() == []
    assert "expected {'x': 0.25}" in next(bench.folder.rejected.glob("*.reason.txt")).read_text()


def test_vanished_job_is_issued_again_after_a_grace_period(
    bench: Bench,
) -> None:
    publish(bench.dispatcher, [job_of(0)])
    bench.folder.job(Issue(0)).unlink()
    bench.dispatcher.collect()
    bench.clock.now_s += MISSING_S - 1
    bench.dispatcher.collect()
    assert bench.folder.open_issues() == []
    bench.clock.now_s += 2
    bench.dispatcher.collect()
    assert bench.folder.open_issues() == [Issue(0, number=2)]
    assert read_record(bench.folder.job(Issue(0, number=2)), Job).params == {"x": 0.25}


@pytest.mark.parametrize("is_refused", [True, False])
def test_warning_about_a_new_issue_names_the_rejected_folder(
    bench: Bench, caplog: pytest.LogCaptureFixture, is_refused: bool
) -> None:
    publish(bench.dispatcher, [job_of(0), job_of(1)])
    for trial, is_set_aside in ((0, is_refused), (1, not is_refused)):
        if is_set_aside:
            set_aside(bench.folder, bench.folder.job(Issue(trial)), "of another version")
    bench.folder.job(Issue(0)).unlink(missing_ok=True)
    bench.dispatcher.collect()
    bench.clock.now_s += MISSING_S + 1
    bench.dispatcher.collect()
    message = next(
        message for message in caplog.messages if message.startswith("demo/00000: job and result are missing")
    )
    assert message.endswith("; the trial is issued again")
    assert (f"(its rejected files are in {bench.folder.rejected})" in message) is is_refused


def test_repeatedly_rejected_job_ends_the_search_with_the_reasons_folder(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])

    def refuse_for_ever() -> None:
        for _ in range(3 * spec_of().limits.max_issues):
            for issue in bench.folder.open_issues():
                set_aside(bench.folder, bench.folder.job(issue), "of another version")
            bench.dispatcher.collect()
            bench.clock.now_s += MISSING_S + 1

    with pytest.raises(SearchError, match=r"look for the reasons in .*rejected"):
        refuse_for_ever()


def test_the_job_of_a_silent_worker_is_issued_again_once(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    claim = claim_of(bench.folder)
    bench.beat("mine", 1)
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    bench.clock.now_s += 50
    bench.beat("mine", 2)
    bench.clock.now_s += 50
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    assert bench.folder.open_issues() == [Issue(0)]
    bench.beat("mine", 2)
    bench.clock.now_s += 20
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    assert bench.folder.open_issues() == [Issue(0, number=2)]
    claim.unlock()


def test_of_two_issues_only_the_later_stays_open(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0), job_of(1)])
    put = atomic.replace
    put(bench.folder.job(Issue(0, number=2)), job_of(0, 2).to_json(), durable=False)  # then its master died
    again = bench.restarted()
    publish(again, [job_of(0), job_of(1)])
    put(bench.folder.job(Issue(0, number=5)), job_of(0, 5).to_json(), durable=False)  # no master publishes this one
    again.compare(JobsListing(bench.folder))
    assert bench.folder.open_issues() == [Issue(0, number=2), Issue(0, number=5), Issue(1)]


def test_late_report_before_the_next_issue_reuses_no_name(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(bench.dispatcher, [job_of(0)])
    claim = claim_of(bench.folder)
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    bench.clock.now_s += 100
    original = last_issues

    def wake_up_before(folder: StudyFolder) -> Counter[EvaluationKey]:
        report(claim, result_of(claim), CURVE)
        return original(folder)

    monkeypatch.setattr(dispatch, "last_issues", wake_up_before)
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    assert bench.folder.open_issues() == [Issue(0, number=2)]


def test_worker_without_heartbeat_is_silent_from_its_claims_sighting(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    bench.clock.now_s += 1000  # the job waited long, but the worker that claims it now is not silent
    claim = claim_of(bench.folder)
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    bench.clock.now_s += 59
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    assert len(bench.folder.open_issues()) == 1
    bench.clock.now_s += 2
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    assert bench.folder.open_issues() == [Issue(0, number=2)]
    claim.unlock()


def test_silence_before_a_claim_does_not_count(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    bench.beat("mine", 1)
    bench.clock.now_s += 1000  # the worker serves another study
    claim = claim_of(bench.folder)
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    bench.clock.now_s += 30
    bench.beat("mine", 2)
    bench.clock.now_s += 50
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    assert bench.folder.open_issues() == [Issue(0)]
    claim.unlock()


def test_dead_workers_job_is_free_and_not_issued_again(bench: Bench) -> None:
    publish(bench.dispatcher, [job_of(0)])
    claim_of(bench.folder).unlock()  # what the kernel does when its process dies
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    bench.clock.now_s += 100
    bench.dispatcher.issue_silent(JobsListing(bench.folder))
    assert bench.folder.open_issues() == [Issue(0)]


def test_collected_results_survive_an_error_of_a_later_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(bench.dispatcher, [job_of(0), job_of(1)])
    for trial in (0, 1):
        bench.evaluate(trial)
    original = record_of

    def fail_at_the_second(text: bytes, path: Path, model: type[Result]) -> Result:
        if path.name == "00001.json":
            raise OSError(ESTALE, "Stale file handle")
        return original(text, path, model)

    with monkeypatch.context() as patched:
        patched.setattr(dispatch, "record_of", fail_at_the_second)
        with pytest.raises(OSError, match="Stale"):
            bench.dispatcher.collect()
    assert [result.trial for result in bench.dispatcher.collect()] == [0, 1]
