"""The rungs that a study's halving makes, and what it refuses."""

from typing import Any

import pytest
from pydantic import ValidationError

from hyperspool.common.halving import Halving, bracket_sizes
from hyperspool.common.study_spec import StudySpec
from tests.conftest import spec_of


@pytest.mark.parametrize(
    ("epochs", "eta", "min_epochs", "ladder"),
    [
        (27, 3, 1, (1, 3, 9, 27)),
        (50, 3, 1, (1, 5, 16, 50)),
        (81, 3, 9, (9, 27, 81)),
        (100, 4, 5, (6, 25, 100)),
        (10, 2, 3, (5, 10)),
        (2, 3, 1, (2,)),
    ],
)
def test_rungs_divide_the_budget_by_powers_of_eta(
    epochs: int, eta: int, min_epochs: int, ladder: tuple[int, ...]
) -> None:
    assert Halving(eta=eta, min_epochs=min_epochs).ladder(epochs) == ladder


def test_brackets_of_hyperband_are_those_of_its_source() -> None:
    """Li et al. 2018, algorithm 1, with R = 81 and eta = 3: n = ceil(5 / (s + 1) * 3 ** s)."""
    hyperband = Halving(name="hyperband")
    once = [(0, 81), (1, 34), (2, 15), (3, 8), (4, 5)]
    assert bracket_sizes(hyperband, 5, 143) == once
    assert bracket_sizes(hyperband, 5, 143 + 90) == [*once, (0, 81), (1, 9)]
    assert bracket_sizes(hyperband, 5, 3) == [(0, 3)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budget": None}, "budget.epochs: missing; halving divides"),
        ({"budget": {"epochs": 2}}, "halving: 2 epochs (budget.epochs) make a single rung, because 2 / 3 (eta)"),
        ({"halving": {"min_epochs": 4}}, "9 / 3 (eta) is less than 4 (min_epochs)"),
        ({"halving": {"eta": 1}}, "halving.eta"),
        ({"halving": {"name": "bohb"}}, "halving.name"),
        ({"sampler": {"name": "coarse-to-fine"}, "trials": 30}, "with halving it is one of random, grid, qmc, tpe, gp"),
        ({"replicates": 2}, "halving: not together with replicates"),
        ({"confirm": {"finalists": 2}}, "halving: not together with confirm"),
        ({"halving": {"name": "hyperband"}, "trials": 1_000_000}, "trials: missing; with halving.name = 'hyperband'"),
    ],
)
def test_halving_that_does_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    table: dict[str, Any] = {"trials": 12, "halving": {}, "budget": {"epochs": 9}}
    with pytest.raises(ValidationError) as error:
        spec_of(**table | changes)
    assert message in str(error.value).replace("\n", ".")


def test_study_without_halving_is_stored_as_before() -> None:
    assert b"halving" not in spec_of().to_json()
    assert StudySpec.model_validate_json(spec_of(halving={}, budget={"epochs": 9}).to_json()).halving == Halving()
