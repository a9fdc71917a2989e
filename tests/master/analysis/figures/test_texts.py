import pytest

from hyperspool.master.analysis.figures.texts import plain, shortened, time_unit, value_label
from tests.master.analysis.synthetic import make_study_data


@pytest.mark.parametrize(("direction", "better"), [("minimise", "lower"), ("maximise", "higher")])
def test_the_label_says_which_direction_is_better(direction: str, better: str) -> None:
    spec = make_study_data(trials=1, objective="mine", direction=direction).spec
    assert value_label(spec) == f"value ({better} is better)"


def test_times_have_a_unit_that_people_can_read() -> None:
    assert [time_unit(seconds)[1] for seconds in (5, 599, 600, 35_999, 36_000)] == [
        "seconds",
        "seconds",
        "minutes",
        "minutes",
        "hours",
    ]


def test_texts_are_no_formulas_and_have_a_greatest_length() -> None:
    assert plain("from $a$ to $b$") == r"from \$a\$ to \$b\$"
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("abcd", 4) == "abcd"
