from dataclasses import replace

import pandas as pd
import pytest

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.timeline import (
    busy_s,
    gaps,
    most_at_once,
    pauses,
    timeline,
    waiting,
    waits,
    without_pauses,
    workers_text,
)
from hyperspool.master.search.known import Proposal
from hyperspool.master.studies.preset import load_preset
from tests.master.analysis.searched import searched
from tests.master.analysis.synthetic import BEGIN, make_study_data
from tests.master.played import batches


def scheduled(bars: list[tuple[str, float, float]], *, batch: int) -> StudyData:
    """A study whose trials ran as (worker, start, end) in seconds."""
    data = make_study_data(trials=len(bars))
    workers, starts, ends = zip(*bars, strict=True)
    begins, stops = (pd.Series(BEGIN + pd.to_timedelta(list(column), unit="s")) for column in (starts, ends))
    numbers = data.trials["trial"] // batch
    trials = data.trials.assign(worker=list(workers), claimed_at=begins, ended_at=stops, batch=numbers)
    return replace(data, spec=data.spec.model_copy(update={"batch": batch}), trials=trials)


TWO_BATCHES = scheduled([("a", 5, 10), ("b", 5, 7), ("a", 11, 12), ("b", 11, 15)], batch=2)
# The second batch is published eight hours after the first has ended.
NIGHT = scheduled([("a", 0, 10), ("b", 0, 4), ("a", 28_810, 28_820), ("b", 28_810, 28_812)], batch=2)


def test_a_timeline_starts_at_zero_and_numbers_the_batches() -> None:
    bars = timeline(TWO_BATCHES)
    assert list(bars.columns) == ["worker", "trial", "batch", "start_s", "end_s"]
    assert bars["batch"].tolist() == [0, 0, 1, 1]
    assert bars["start_s"].tolist() == [0, 0, 6, 6]
    assert bars["end_s"].tolist() == [5, 2, 7, 10]


def l2_error(proposal: Proposal) -> float:
    return float(proposal.params["l2"])


@pytest.mark.parametrize("is_recorded", [True, False])
def test_rounds_that_end_batches_early_keep_true_batches(is_recorded: bool) -> None:
    spec = load_preset("two-layer-ablation")
    true = {seen.trial: number for number, batch in enumerate(batches(spec, l2_error)) for seen in batch}
    bars = timeline(searched(spec, lambda _, params: float(params["l2"]), is_recorded=is_recorded))
    assert dict(zip(bars["trial"], bars["batch"], strict=True)) == true
    assert len(true) == spec.all_trials == 169
    # Batches as long as the study's would be wrong for most trials.
    assert sum(number != trial // spec.batch for trial, number in true.items()) == 105


def test_a_trial_without_a_readable_time_has_no_bar() -> None:
    trials = TWO_BATCHES.trials.copy()
    trials.loc[1, "ended_at"] = pd.NaT
    assert timeline(replace(TWO_BATCHES, trials=trials))["trial"].tolist() == [0, 2, 3]


def test_a_clock_that_was_set_back_makes_no_negative_bar() -> None:
    bars = timeline(scheduled([("a", 5, 3), ("b", 0, 7)], batch=2))
    assert bars["end_s"].tolist() == [5, 7]


def test_a_worker_waits_until_its_batch_ends() -> None:
    table = waiting(TWO_BATCHES).set_index("worker")
    assert table["trials"].to_dict() == {"a": 2, "b": 2}
    assert table["busy_s"].to_dict() == {"a": 6, "b": 6}
    assert table["waited_s"].to_dict() == {"a": 3, "b": 3}
    assert table["waited_share"].tolist() == pytest.approx([1 / 3, 1 / 3])


def test_a_worker_without_trials_waits_through_the_whole_batch() -> None:
    data = scheduled([("a", 0, 4), ("b", 0, 4), ("a", 5, 9), ("a", 9, 12), ("a", 13, 14), ("b", 13, 14)], batch=2)
    assert waiting(data).set_index("worker")["waited_s"].to_dict() == {"a": 0, "b": 7}


def test_a_late_worker_does_not_wait_before_its_start() -> None:
    data = scheduled([("a", 0, 4), ("a", 4, 8), ("a", 9, 11), ("b", 9, 10)], batch=2)
    assert waits(timeline(data)).query("worker == 'b'")["batch"].tolist() == [1]
    assert waiting(data).set_index("worker").loc["b", "waited_s"] == 1


def test_a_night_without_trials_is_cut_out() -> None:
    cuts = pauses(timeline(NIGHT))
    assert cuts.to_numpy().tolist() == [[10, 28_810]]
    bars = without_pauses(timeline(NIGHT))
    assert bars["start_s"].tolist() == [0, 0, 10, 10]
    assert bars["end_s"].tolist() == [10, 4, 20, 12]


def test_a_pause_within_a_batch_is_not_waiting() -> None:
    data = scheduled([("a", 0, 10), ("b", 28_810, 28_820)], batch=2)
    assert waiting(data).set_index("worker")["waited_s"].to_dict() == {"a": 10, "b": 0}


def test_nothing_is_cut_while_one_worker_is_busy() -> None:
    bars = [("a", 0.0, 3600.0), *(("b", start, start + 1) for start in (0.0, 1.0, 2.0, 3599.0))]
    assert pauses(timeline(scheduled(bars, batch=8))).empty


def test_a_gap_below_ten_median_trials_is_not_a_pause() -> None:
    assert pauses(timeline(scheduled([("a", 0, 100), ("a", 1050, 1150)], batch=1))).empty


def test_a_study_without_results_has_an_empty_timeline() -> None:
    data = replace(TWO_BATCHES, trials=TWO_BATCHES.trials.head(0))
    assert timeline(data).empty
    assert waiting(data).empty


def test_gaps_are_between_a_workers_trials_and_to_the_end() -> None:
    rows = [("a", 0, 0, 0.0, 2.0), ("b", 1, 1, 0.0, 1.0), ("a", 2, 2, 2.5, 4.0), ("b", 3, 3, 1.0, 9.0)]
    bars = pd.DataFrame(rows, columns=["worker", "trial", "batch", "start_s", "end_s"])
    found = gaps(bars)
    assert list(zip(found["worker"], found["start_s"], found["end_s"], strict=True)) == [
        ("a", 2.0, 2.5),
        ("a", 4.0, 9.0),
        ("b", 1.0, 1.0),
        ("b", 9.0, 9.0),
    ]


def test_a_worker_that_was_started_again_does_not_count_twice() -> None:
    bars = pd.DataFrame(
        {"worker": ["a", "b", "a", "b-again"], "start_s": [0.0, 0.0, 2.0, 3.0], "end_s": [2.0, 3.0, 4.0, 5.0]}
    )
    assert most_at_once(bars) == 2
    assert workers_text(bars) == "3 workers, at most 2 at once"
    assert workers_text(bars.head(2)) == "2 workers"
    assert busy_s(bars) == 9.0
