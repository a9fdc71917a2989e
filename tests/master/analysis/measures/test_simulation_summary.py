import numpy as np
import pytest

from hyperspool.master.analysis.measures.simulation_summary import simulation_summary

NAN = float("nan")


def test_the_summary_counts_evaluations_until_near_the_best() -> None:
    # One trial of eight is near: t evaluations find it with probability t / 8.
    values = [0.1, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, NAN]
    failed, share, difference, *_ = simulation_summary(values, [1.0] * 8, 4)
    assert failed == "1 of 8 trials have no value; each counts as an evaluation."
    reached = (
        "half of all orders after 4 evaluations, a quarter after 2, three quarters after 6 (1 trial of 8 is that good)."
    )
    assert share == f"Within 10% of the best of 8 trials (0.1000): {reached}"
    assert difference == f"Within 0.005 of the best of 8 trials (0.1000): {reached}"


def test_half_of_all_orders_find_the_best_halfway() -> None:
    for count in range(2, 200, 2):
        sentences = simulation_summary([0.1] + [0.9] * (count - 1), [1.0] * count, 4)
        assert f"half of all orders after {count // 2} evaluation" in sentences[0]


def test_the_summary_follows_the_direction() -> None:
    values = np.array([1.0, 5.0, 96.0, 100.0])
    sentences = simulation_summary(values, [1.0] * 4, 4, "maximise")
    assert sentences[0].startswith(
        "Within 10% of the best of 4 trials (100.0000): half of all orders after 1 evaluation,"
    )
    assert sentences[0].endswith("(2 trials of 4 are that good).")
    assert not any("Within 0.005" in sentence for sentence in sentences)


def test_a_best_of_zero_has_no_relative_distance() -> None:
    sentences = simulation_summary([0.0, 0.5], [1.0, 1.0], 4)
    assert sentences[0].startswith("Within 0.005 of the best of 2 trials (0.0000)")


def test_the_summary_compares_workers() -> None:
    sentences = simulation_summary([0.1] * 6, [4.0, 1.0, 2.0, 1.0, 3.0, 1.0], 2, workers=(2,))
    assert sentences[-3] == "One worker needs 12 s for these trials."
    assert sentences[-2] == (
        "2 workers would need 9.0 s in batches of 2 (1.3 times as fast; 33% of their time lost waiting, 6.0 s in all) "
        "and 7.0 s asynchronously (1.7 times as fast; 14% lost)."
    )
    assert "On a shared machine they do" in sentences[-1]


@pytest.mark.parametrize("values", [[NAN, NAN], []])
def test_without_a_value_there_is_nothing_to_simulate(values: list[float]) -> None:
    sentences = simulation_summary(values, [0.0] * len(values), 4)
    assert sentences == [
        "No trial has a value, so there is no search to simulate.",
        "The trials took no time, so more workers would not have saved any.",
    ]
