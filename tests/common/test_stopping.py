"""What a study's table `stop` may ask for."""

from typing import Any

import pytest

from hyperspool.common.stopping import StudyClock
from tests.conftest import spec_of

SEVERAL = [{"measure": "error"}, {"measure": "seconds"}]


@pytest.mark.parametrize(
    ("stop", "more", "said"),
    [
        ({"target": float("nan")}, {}, r"stop\.target\n.*finite"),
        ({"target": float("inf")}, {}, r"stop\.target\n.*finite"),
        ({"no_improvement": 0}, {}, r"stop\.no_improvement\n.*greater than or equal to 1"),
        ({"no_improvement": -3}, {}, r"stop\.no_improvement\n.*greater than or equal to 1"),
        ({"wall_clock_s": 0.0}, {}, r"stop\.wall_clock_s\n.*greater than 0"),
        ({"expected_improvement": -0.1}, {}, r"stop\.expected_improvement\n.*greater than 0"),
        ({"budget": 3}, {}, r"stop\.budget\n.*not permitted"),
        ({"expected_improvement": 0.1}, {"sampler": {"name": "tpe"}}, "those of tpe are not"),
        (
            {"expected_improvement": 0.1},
            {"budget": {"epochs": 9}, "halving": {"name": "asha"}},
            "those of halving are not",
        ),
        ({"target": 0.1}, {"objectives": SEVERAL}, "stop.target: a study of several objectives"),
        ({"target": 0.1}, {"confirm": {"finalists": 2}}, "stop: not together with confirm"),
    ],
)
def test_contradictory_rule_is_refused(stop: dict[str, Any], more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        spec_of(stop=stop, **more)


def test_table_without_a_rule_is_no_table() -> None:
    assert spec_of(stop={"target": None}) == spec_of()
    assert spec_of(stop={"wall_clock_s": 60}, objectives=SEVERAL).stop is not None


@pytest.mark.parametrize("began_at", ["yesterday", "2026-01-01T00:00:00"])
def test_clock_needs_a_time_with_its_zone(began_at: str) -> None:
    with pytest.raises(ValueError, match="began_at"):
        StudyClock(began_at=began_at)
