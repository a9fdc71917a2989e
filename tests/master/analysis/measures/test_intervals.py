import math

import numpy as np
import pytest

from hyperspool.master.analysis.measures.intervals import (
    Sample,
    correlation_threshold,
    deviation_interval,
    difference,
    mean_interval,
    median_interval,
)

NAN = float("nan")


def test_the_interval_for_a_mean_is_students() -> None:
    found = mean_interval([1.0, 2.0, 3.0])
    assert found is not None
    # t(0.975, 2) = 4.302653, from a printed table.
    assert (found.centre, found.count) == (2.0, 3)
    assert found.high - 2.0 == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert 2.0 - found.low == pytest.approx(found.high - 2.0)


def test_one_value_has_no_interval_and_nan_does_not_count() -> None:
    assert mean_interval([0.5]) is None
    assert mean_interval([0.5, NAN, math.inf]) is None
    assert mean_interval([]) is None
    assert deviation_interval([0.5]) is None
    assert median_interval([]) is None


def test_equal_values_have_an_interval_without_width() -> None:
    found = mean_interval([0.1] * 3)
    assert found is not None
    assert (found.low, found.high) == (0.1, 0.1)


def test_a_median_has_an_interval_from_six_values_on() -> None:
    assert median_interval(range(5)) is None
    six = median_interval(range(6))
    assert six is not None
    # Both extremes miss the median only if all six lie on one side of it.
    assert (six.low, six.centre, six.high) == (0, 2.5, 5)
    assert six.confidence == pytest.approx(1 - 2 / 2**6)


def test_the_interval_for_a_median_is_the_narrowest_possible() -> None:
    # From tables of the sign test: with 15 values the 4th and the 12th, at 96.5 %.
    found = median_interval(range(1, 16))
    assert found is not None
    assert (found.low, found.high) == (4, 12)
    assert found.confidence == pytest.approx(0.9648, abs=1e-4)


def test_the_median_interval_has_the_coverage_it_states() -> None:
    random = np.random.default_rng(0)
    found = [median_interval(random.exponential(size=15)) for _ in range(2000)]
    covered = [interval.low <= math.log(2) <= interval.high for interval in found if interval]
    assert len(covered) == 2000
    assert np.mean(covered) == pytest.approx(found[0].confidence if found[0] else 0, abs=0.015)


def test_the_standard_deviation_interval_has_the_coverage_it_states() -> None:
    random = np.random.default_rng(0)
    groups = random.normal(loc=[[0.0], [50.0]], scale=2.0, size=(2000, 2, 4))
    found = [deviation_interval(*pair) for pair in groups]
    covered = [interval.low <= 2.0 <= interval.high for interval in found if interval]
    assert len(covered) == 2000
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def test_the_correlation_threshold_matches_printed_tables() -> None:
    # Critical values of the correlation coefficient, two-sided 5 %: n = 10 and n = 42.
    assert correlation_threshold(10) == pytest.approx(0.632, abs=5e-4)
    assert correlation_threshold(42) == pytest.approx(0.304, abs=5e-4)
    assert correlation_threshold(3) == 1.0


def test_clearly_different_settings_are_ranked_by_the_direction() -> None:
    first, second = Sample("A", (0.10, 0.11, 0.12)), Sample("B", (0.30, 0.31, 0.33))
    found = difference(first, second)
    assert (found.winner, found.needed) == ("A", None)
    assert found.verdict.startswith("A is better than B, by 0.1")
    assert difference(second, first).winner == "A"
    assert difference(first, second, "maximise").winner == "B"


def test_welchs_interval_is_that_of_a_worked_example() -> None:
    # Welch's t for these samples (unequal variances, computed by hand): s^2 1 and 4, n 3 and 4, df 4.6154.
    found = difference(Sample("A", (1.0, 2.0, 3.0)), Sample("B", (1.0, 3.0, 5.0, 3.0 + 1e-9)))
    assert found.interval is not None
    error = math.sqrt(1 / 3 + (8 / 3) / 4)
    freedom = (1 / 3 + 2 / 3) ** 2 / ((1 / 3) ** 2 / 2 + (2 / 3) ** 2 / 3)
    assert freedom == pytest.approx(4.909, abs=1e-3)
    # t(0.975, 4.909) lies between t(0.975, 4) = 2.776 and t(0.975, 5) = 2.571.
    assert 2.571 * error < found.interval.high - found.interval.centre < 2.776 * error
    assert found.interval.centre == pytest.approx(-1.0)


def test_an_undecided_comparison_names_the_replicates_needed() -> None:
    found = difference(Sample("A", (0.01, 0.02, 0.03)), Sample("B", (0.02, 0.03, 0.04)))
    assert found.winner is None
    assert found.needed == 17
    assert found.verdict == (
        "undecided, because 3 replicates give a 95% interval from -0.0327 to 0.0127 for the difference; "
        "about 17 replicates of each would be needed"
    )


def test_the_replicates_needed_decide_four_times_of_five() -> None:
    random = np.random.default_rng(0)
    wins = [
        difference(Sample("A", tuple(first)), Sample("B", tuple(second))).winner == "A"
        for first, second in zip(
            random.normal(0.02, 0.01, (1000, 17)), random.normal(0.03, 0.01, (1000, 17)), strict=True
        )
    ]
    assert np.mean(wins) == pytest.approx(0.8, abs=0.04)


def test_equal_settings_rarely_have_a_winner() -> None:
    random = np.random.default_rng(0)
    decided = [
        difference(Sample("A", tuple(first)), Sample("B", tuple(second))).winner is not None
        for first, second in random.normal(size=(1000, 2, 3))
    ]
    assert np.mean(decided) < 0.06


def test_equal_values_decide_without_an_interval() -> None:
    better = difference(Sample("A", (0.1, 0.1)), Sample("B", (0.2, 0.2, 0.2)))
    assert (better.winner, better.interval) == ("A", None)
    same = difference(Sample("A", (0.1, 0.1)), Sample("B", (0.1, 0.1)))
    assert (same.winner, same.needed) == (None, None)
    assert same.verdict == "no difference: every replicate of both gave 0.1000"


def test_equal_means_name_no_number_of_replicates() -> None:
    found = difference(Sample("A", (0.1, 0.2)), Sample("B", (0.1, 0.2)))
    assert found.needed is None
    assert "the means are equal" in found.verdict


def test_a_tiny_difference_asks_for_more_replicates_than_anyone_runs() -> None:
    found = difference(Sample("A", (0.1, 0.2, 0.3)), Sample("B", (0.1, 0.2, 0.3001)))
    assert "more than 1000 replicates" in found.verdict


def test_a_single_replicate_cannot_be_compared() -> None:
    found = difference(Sample("A", (0.1,)), Sample("B", (0.2, 0.3, NAN)))
    assert found.winner is None
    assert found.verdict.startswith("undecided, because A has a single value")


def test_diverged_replicates_are_named_in_the_verdict() -> None:
    found = difference(Sample("A", (0.01, 0.02, 0.9), n_diverged=1), Sample("B", (0.02, 0.03, 0.04)))
    assert found.winner is None
    assert "diverged: 1 of 3 of A" in found.verdict


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_the_size_of_the_values_does_not_matter(scale: float) -> None:
    first, second = (0.10 * scale, 0.11 * scale, 0.12 * scale), (0.30 * scale, 0.31 * scale, 0.33 * scale)
    assert difference(Sample("A", first), Sample("B", second)).winner == "A"
