import io
import json
import os

import pytest
from rich.console import Console

from hyperspool.common import atomic
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Outcome
from hyperspool.common.records import Failure, FailureKind, Status
from hyperspool.common.report import report
from hyperspool.master.results.reading import read_results
from hyperspool.master.results.standing import Standing, read_standing
from hyperspool.master.results.wording import duration_text, first_line, params_text
from hyperspool.master.terminal.trials_table import TrialsTable
from hyperspool.master.terminal.views import Pace
from hyperspool.master.terminal.workers_table import workers_table
from tests.common.test_report import CURVE, claim_of, result_of
from tests.conftest import job_of, spec_of
from tests.master.recorded import journal_of, record


def finish(folder: StudyFolder, trial: int, value: float | None) -> None:
    atomic.replace(folder.job(Issue(trial)), job_of(trial).to_json(), durable=True)
    claim = claim_of(folder, Issue(trial))
    result = result_of(claim)
    changes: dict[str, object] = {"value": value}
    if value is None:
        changes |= {"status": Status.FAILED, "failure": Failure(kind=FailureKind.EXCEPTION, message="boom")}
    report(claim, result.model_copy(update=changes), CURVE)


def worker(name: str, trial: int | None) -> WorkerRecord:
    state = "idle" if trial is None else "running"
    return WorkerRecord.model_validate(
        {"worker": name, "host": "lab", "pid": 1, "device": "cpu", "state": state, "trial": trial, "beat": 1, "at": ""}
    )


def test_a_study_without_results_stands_at_pending(folder: StudyFolder) -> None:
    assert read_standing(folder, spec_of()).to_json() == {
        "study": "demo",
        "total": 4,
        "counts": {"PENDING": 4, "RUNNING": 0, "COMPLETE": 0, "PRUNED": 0, "FAILED": 0},
        "incumbent": None,
        "paused": False,
        "workers": [],
    }


def test_counts_add_up_and_the_incumbent_is_lowest_and_earliest(folder: StudyFolder) -> None:
    for trial, value in enumerate([0.5, 0.2, None]):
        finish(folder, trial, value)
    atomic.replace(folder.worker("lab-1"), worker("lab-1", 3).to_json(), durable=False)
    atomic.replace(folder.worker("lab-2"), worker("lab-2", None).to_json(), durable=False)
    stands = read_standing(folder, spec_of())
    printed = stands.to_json()
    assert printed["counts"] == {"PENDING": 0, "RUNNING": 1, "COMPLETE": 2, "PRUNED": 0, "FAILED": 1}
    assert printed["incumbent"] == {"trial": 1, "value": 0.2, "params": {"x": 0.25}}
    assert [entry["worker"] for entry in printed["workers"]] == ["lab-1", "lab-2"]
    assert json.loads(json.dumps(printed)) == printed


def test_best_trials_follow_the_direction_and_break_ties_early(folder: StudyFolder) -> None:
    for trial, value in enumerate([0.5, 0.2, 0.2, 0.9]):
        finish(folder, trial, value)
    minimise = read_standing(folder, spec_of())
    assert [result.trial for result in minimise.best(3)] == [1, 2, 0]
    maximising = spec_of(objective={"name": "square", "direction": "maximise"})
    maximise = Standing(maximising, minimise.results, journal=minimise.journal)
    assert [result.trial for result in maximise.best(2)] == [3, 0]
    assert minimise.is_finished


def test_a_worker_whose_trial_has_its_result_is_between_trials(folder: StudyFolder) -> None:
    finish(folder, 0, 0.5)
    stands = Standing(spec_of(), read_standing(folder, spec_of()).results, [worker("lab-1", 0), worker("lab-2", 1)])
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(workers_table(stands))
    lines = console.export_text().splitlines()
    assert "between trials" in lines[1]
    assert "between trials" not in lines[2]


def test_a_finished_study_names_nobody_as_silent(folder: StudyFolder) -> None:
    for trial in range(4):
        read_before = read_standing(folder, spec_of())
        finish(folder, trial, 0.5)
        if not trial:
            atomic.replace(folder.worker("lost"), worker("lost", 3).to_json(), durable=False)
            os.utime(folder.worker("lost"), (0, 0))
    assert read_before.silent == {"lost"}
    finished = read_standing(folder, spec_of())
    assert (finished.silent, finished.workers) == (set(), [])


def test_latest_results_are_ordered_by_the_file_servers_clock(folder: StudyFolder) -> None:
    for trial, landed_s in {0: 3000.0, 1: 1000.0, 2: 2000.0}.items():
        finish(folder, trial, 0.5)
        os.utime(folder.result(trial), (landed_s, landed_s))
    assert [result.trial for result in read_standing(folder, spec_of()).latest(2)] == [2, 0]


def test_time_left_counts_from_the_first_evaluation(folder: StudyFolder) -> None:
    finish(folder, 0, 0.5)
    result = read_standing(folder, spec_of()).results[0, 0]  # its evaluation took 1 s
    now_s = [0.0]
    pace = Pace(lambda: now_s[0])
    standing = Standing(spec_of(), {(0, 0): result})
    assert pace.left_s(standing) is None
    now_s[0] = 100.0  # a worker started late
    pace.landed(result)
    assert pace.left_s(standing) == pytest.approx(3.0)
    assert pace.elapsed_s == pytest.approx(100.0)


def test_unreadable_files_are_passed_over_and_left_where_they_are(folder: StudyFolder) -> None:
    finish(folder, 0, 0.5)
    folder.result(1).write_text("torn")
    folder.worker("lab-1").write_text("torn")
    stands = read_standing(folder, spec_of())
    assert list(stands.results) == [(0, 0)]
    assert stands.workers == []
    assert folder.result(1).exists()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.04 s"),
        (1.25, "1.2 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (125, "2 min 05 s"),
        (7800, "2 h 10 min"),
    ],
)
def test_durations_are_shown_in_units_of_their_size(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_params_are_shown_short() -> None:
    assert params_text({"rate": 0.0123456, "filters": 32, "nesterov": True, "method": "sgd"}) == (
        "rate=0.01235 filters=32 nesterov=true method=sgd"
    )


def test_trials_with_different_params_share_a_table(folder: StudyFolder) -> None:
    finish(folder, 0, 0.5)
    result = read_standing(folder, spec_of()).results[0, 0]
    assert isinstance(result, Outcome)
    other = result._replace(params={"y": 1}, trial=1, diverged=True)
    table = TrialsTable([result, other], spec_of()).in_columns(is_broken=False)
    assert [column.header for column in table.columns] == ["trial", "value", "x", "y", "time"]
    assert table.row_count == 2


def test_untrusted_text_is_shown_and_moves_no_cursor(folder: StudyFolder) -> None:
    finish(folder, 0, 0.5)
    result = read_standing(folder, spec_of()).results[0, 0]
    assert isinstance(result, Outcome)
    odd = result._replace(params={"activation": "[/relu] \x1b[2J\nnext"})
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(TrialsTable([odd], spec_of()))
    assert "[/relu] ?[2J" in console.export_text()
    assert first_line("") == "no reason given"
    assert first_line("one\ntwo") == "one"


def test_foreign_results_do_not_count(folder: StudyFolder) -> None:
    finish(folder, 0, 0.5)
    text = folder.result(0).read_text()
    folder.result(1).write_text(text)
    folder.result(50).write_text(text.replace('"trial": 0', '"trial": 50'))
    folder.result(2).write_text(text.replace('"trial": 0', '"trial": 2').replace('"demo"', '"other"'))
    assert list(read_standing(folder, spec_of()).results) == [(0, 0)]


@pytest.mark.parametrize("is_recorded", [True, False])
def test_standing_knows_what_each_trial_was_for(folder: StudyFolder, is_recorded: bool) -> None:
    spec = spec_of(trials=2, confirm={"finalists": 1, "replicates": 2})
    for trial, value in enumerate([0.5, 0.2, 0.3, 0.4]):
        finish(folder, trial, value)
    if is_recorded:
        record(folder, journal_of(spec, read_results(folder, spec).results))
    stands = read_standing(folder, spec)
    assert [seen.stage.kind for seen in stands.evaluations()] == ["search"] * 2 + ["confirmation"] * 2
    (finalist,) = stands.confirmed()
    assert finalist.trial == 0
    assert finalist.mean == pytest.approx(0.35)
    assert [result.trial for result in stands.best_trials(9)] == [1, 0]


def test_batches_are_those_that_were_recorded(folder: StudyFolder) -> None:
    for trial in range(4):
        finish(folder, trial, 0.5)
    record(folder, journal_of(spec_of(batch=1), read_results(folder, spec_of()).results))
    entries = read_standing(folder, spec_of()).journal.entries.values()
    assert [entry.batch for entry in entries] == [0, 1, 2, 3]
