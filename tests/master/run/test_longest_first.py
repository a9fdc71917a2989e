from collections.abc import Mapping

import pytest

from hyperspool.common.file_kinds import ORDER
from hyperspool.common.issues import EvaluationKey, Issue
from hyperspool.common.records import Budget, Job
from hyperspool.common.report import report
from hyperspool.master.run.dispatch import Dispatcher
from tests.common.test_report import CURVE, claim_of, result_of_job
from tests.conftest import job_of, spec_of
from tests.master.bench import Bench, publish

KNOWN = [job_of(trial, params={"x": trial / 10}) for trial in range(8)]
NEXT = [job_of(8 + place, params={"x": x}) for place, x in enumerate((0.3, 0.9, 0.1, 0.6))]


def finish(bench: Bench, dispatcher: Dispatcher, jobs: list[Job], second: float = 1.0) -> None:
    """Publish jobs and let them be evaluated: the larger x, the longer."""
    publish(dispatcher, jobs)
    for job in jobs:
        seconds = second * 4 ** float(job.params["x"])
        claim = claim_of(bench.folder, Issue(*job.evaluation))
        report(claim, result_of_job(job, training_s=seconds, evaluation_s=seconds, epochs=1), CURVE)
    assert len(dispatcher.collect()) == len(jobs)


def order(bench: Bench) -> list[str]:
    path = bench.folder.path(ORDER)
    return path.read_text().split() if path.exists() else []


def test_the_order_of_a_batch_is_there_before_its_jobs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    finish(bench, bench.dispatcher, KNOWN)
    assert order(bench) == []  # nothing was measured yet
    seen: list[list[str]] = []
    write = Dispatcher._write

    def look_and_write(dispatcher: Dispatcher, numbers: Mapping[EvaluationKey, int]) -> None:
        seen.append(order(bench))
        write(dispatcher, numbers)

    monkeypatch.setattr(Dispatcher, "_write", look_and_write)
    publish(bench.dispatcher, NEXT)
    assert seen == [["00009", "00011", "00008", "00010"]]
    assert bench.folder.open_issues() == [Issue(8), Issue(9), Issue(10), Issue(11)]


def test_a_large_batch_is_ordered_while_it_runs(bench: Bench) -> None:
    publish(bench.dispatcher, NEXT)
    finish(bench, bench.dispatcher, KNOWN)
    assert order(bench) == ["00009", "00011", "00008", "00010"]


def test_a_restarted_master_orders_what_is_open(bench: Bench) -> None:
    finish(bench, bench.dispatcher, KNOWN)
    publish(bench.dispatcher, NEXT)
    bench.folder.path(ORDER).unlink()
    again = bench.restarted()
    again.expect([*KNOWN, *NEXT])
    again.collect()
    again.publish()
    assert order(bench) == ["00009", "00011", "00008", "00010"]


def test_short_and_single_trials_get_no_order(bench: Bench) -> None:
    finish(bench, bench.dispatcher, KNOWN, second=0.01)
    publish(bench.dispatcher, NEXT)
    assert order(bench) == []
    other = bench.restarted()
    other.expect(NEXT[:2])
    other.publish()
    assert order(bench) == []


def test_an_asynchronous_study_gets_no_order(bench: Bench) -> None:
    dispatcher = bench.restarted(spec_of(mode="asynchronous"))
    finish(bench, dispatcher, KNOWN)
    publish(dispatcher, NEXT)
    assert order(bench) == []


def test_a_promoted_trial_counts_with_its_new_epochs_alone(bench: Bench) -> None:
    low, whole = Budget(epochs=8), Budget(epochs=9)
    begun = [job.model_copy(update={"budget": low, "horizon": whole}) for job in KNOWN]
    finish(bench, bench.dispatcher, begun)
    promoted = begun[7].model_copy(update={"rung": 1, "continues": 0, "budget": whole})
    publish(bench.dispatcher, [promoted, *(job.model_copy(update={"budget": low}) for job in NEXT)])
    assert order(bench)[-1] == "00007.r1"
