import io
import re
from typing import Any

import pytest
from rich.console import Console

from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.terminal.trials_table import TrialsTable, constant_params, constant_text
from tests.conftest import spec_of
from tests.master.finalize.test_finalize import result_of

SPACE: dict[str, Any] = {
    "hidden_units": 50,
    "learning_rate": {"type": "float", "low": 0.001, "high": 0.1},
    "batch_size": [16, 32],
    "schedule": ["triangular", "one_cycle"],
    "momentum_min": {"type": "fixed", "value": 0.8, "when": {"schedule": "one_cycle"}},
    "keep_hidden": [0.5],
    "hidden_layers": {"type": "int", "low": 2, "high": 2},
}
FIRST: Params = {"hidden_units": 50, "learning_rate": 0.01234, "batch_size": 16, "schedule": "triangular"}
SECOND: Params = {"hidden_units": 50, "learning_rate": 0.0567, "batch_size": 32, "schedule": "one_cycle"}
CONSTANT: Params = {"hidden_units": 50, "keep_hidden": 0.5, "hidden_layers": 2}


def study() -> StudySpec:
    return spec_of(objective={"name": "mlp"}, space=SPACE)


def table() -> TrialsTable:
    spec = study()
    params = (FIRST | CONSTANT, SECOND | CONSTANT | {"momentum_min": 0.8})
    results = [result_of(spec, trial, 0.5, 0.25).model_copy(update={"params": own}) for trial, own in enumerate(params)]
    return TrialsTable(results, spec)


def shown(width: int) -> list[str]:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table())
    return console.export_text().splitlines()


def test_common_params_are_stated_once_below_the_table() -> None:
    assert constant_params(study().space) == CONSTANT
    line = constant_text(study().space)
    assert line is not None
    assert line.plain == "the same in all trials: hidden_units=50 keep_hidden=0.5 hidden_layers=2"
    assert constant_text(spec_of().space) is None
    assert re.split(r"  +", shown(120)[0]) == [
        *("trial", "validation error", "learning_rate", "batch_size", "schedule", "momentum_min", "time", "")
    ]


@pytest.mark.parametrize("width", [45, 60, 70, 80, 90, 100, 120, 200])
def test_at_no_width_a_heading_or_a_value_is_cut(width: int) -> None:
    lines = shown(width)
    text = " ".join(lines)
    assert "…" not in text
    assert max(map(len, lines)) <= width
    for word in ("trial", "validation", "error", "learning_", "batch_", "schedule", "momentum_"):
        assert word in text
    for value in ("0.2500", "1.0 s", "0.01234", "0.0567", "triangular", "one_cycle", "0.8"):
        assert value in text


def test_the_form_follows_the_width() -> None:
    assert len(shown(120)) == 3  # a line of headings, two trials
    assert len(shown(70)) == 4  # headings on two lines
    assert [line.strip() for line in shown(45)][:2] == [
        "trial 0  validation error 0.2500  1.0 s",
        "learning_rate=0.01234 batch_size=16",
    ]
