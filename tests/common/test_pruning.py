"""What a study may ask for to have running trials ended early."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.conftest import spec_of

MINE = {"name": "mine", "measure": "loss"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budget": None}, "budget.epochs: missing; pruning ends a trial"),
        ({"objective": {"name": "mine"}}, "objective.measure: missing; pruning looks at the metric of that name"),
        ({"pruning": {"warmup_epochs": 9}}, "warmup_epochs: found 9, expected fewer than the 9 of a trial"),
        ({"pruning": {"name": "patient"}}, "patience: missing"),
        ({"pruning": {"patience": 3}}, "patience: only the pruning patient has it"),
        ({"pruning": {"name": "patient", "patience": 3, "startup": 2}}, "startup: only the pruning median has it"),
        ({"pruning": {"name": "mean"}}, "pruning.name"),
    ],
)
def test_pruning_that_does_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    table: dict[str, Any] = {"objective": MINE, "pruning": {}, "budget": {"epochs": 9}}
    with pytest.raises(ValidationError) as error:
        spec_of(**table | changes)
    assert message in str(error.value).replace("\n", ".")


def test_what_pruning_leaves_out_is_filled_in() -> None:
    spec = spec_of(objective=MINE, pruning={}, budget={"epochs": 9})
    assert spec.pruning is not None
    assert (spec.pruning.name, spec.pruning.startup, spec.pruning.warmup_epochs) == ("median", 5, 1)
