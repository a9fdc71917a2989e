from typing import Any

import pytest

from hyperspool.master.analysis.answers.answer import listed, ratio_text, trend


def test_ratios_have_three_digits_and_lists_an_and() -> None:
    assert [ratio_text(number) for number in (2.3149, 0.05, 123.4, 1234.5, 0.0)] == [
        "2.31",
        "0.0500",
        "123",
        "1234",
        "0",
    ]
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ([1, 2, 2], "rises"),
        ([2, 1], "falls"),
        ([1, 1], "stays the same"),
        ([1, 2, 1], None),
        ([1], None),
        (["a", "b"], None),
        ([True, False], None),
    ],
)
def test_a_trend_is_named_where_there_is_one(values: list[Any], word: str | None) -> None:
    assert trend(values) == word
