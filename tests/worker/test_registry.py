from pathlib import Path
from typing import Any

import pytest

from common.errors import UnableError, UsageError
from common.locks import ClaimMode
from common.records import EpochRecord, Seeds
from worker.objectives.registry import find_objective, parse_objectives
from worker.objectives.trial import Measured, Trial


def trial_of(**params: Any) -> Trial:
    return Trial(
        params=params,
        epochs=1,
        seeds=Seeds(initialisation=1, shuffling=2, dropout=3),
        device="cpu",
        threads=1,
        data=None,
        data_folder=Path(),
        claim=ClaimMode.LOCK,
        begin=lambda _resumed: None,
        report=lambda _record: None,
        should_stop=lambda: False,
        save=lambda _payload: None,
        saved=lambda: (),
    )


def test_a_users_function_is_found_under_the_name_it_was_given() -> None:
    objectives = parse_objectives(["mine=tests.objectives:square"])
    assert find_objective("mine", objectives)(trial_of(x=0.5)) == Measured((0.5 - 0.3) ** 2)


def test_an_objective_that_was_not_given_is_not_found_though_it_could_be_imported() -> None:
    with pytest.raises(
        UnableError, match=r"'tests\.objectives:square' is not known to this worker \(known: cnn, mine\)"
    ):
        find_objective("tests.objectives:square", parse_objectives(["mine=tests.objectives:square"]))


@pytest.mark.parametrize("target", ["no_such_module:f", "tests.objectives:no_such_function"])
def test_an_objective_that_cannot_be_imported_is_told_with_its_reason(target: str) -> None:
    with pytest.raises(UnableError, match=r"cannot be imported: .*no_such"):
        find_objective("mine", parse_objectives([f"mine={target}"]))


@pytest.mark.parametrize("definition", ["mine", "mine=", "=m:f", "mine=module", "mine=:f", "mine=m:", "cnn=m:f"])
def test_a_malformed_definition_is_refused(definition: str) -> None:
    with pytest.raises(UsageError, match="--objective"):
        parse_objectives([definition])


@pytest.mark.parametrize("returned", ["not_a_number"])
def test_a_value_that_no_search_can_compare_is_an_error(returned: str) -> None:
    objective = find_objective("bad", parse_objectives([f"bad=tests.objectives:{returned}"]))
    with pytest.raises(ValueError, match="the objective returned nan, expected a finite number"):
        objective(trial_of(x=0.5))


def test_an_epochs_error_must_be_a_number_so_that_the_best_can_be_told() -> None:
    with pytest.raises(ValueError, match="validation_error"):
        EpochRecord(
            epoch=1,
            seconds=0,
            training_loss=float("nan"),
            validation_loss=float("inf"),
            validation_error=float("nan"),
            learning_rate=0.1,
        )
