import pytest

from hyperspool.common.errors import UnableError
from hyperspool.common.objectives import PARAMETERS, parse_definitions
from hyperspool.worker.objectives.registry import BUILT_IN, find_objective
from hyperspool.worker.objectives.trial import Measured
from tests.worker.test_trial import trial_of


def test_a_users_function_is_found_by_its_name() -> None:
    objectives = parse_definitions(["mine=tests.objectives:square"])
    assert find_objective("mine", objectives)(trial_of(x=0.5)) == Measured((0.5 - 0.3) ** 2)


def test_an_objective_that_was_not_given_is_not_found() -> None:
    with pytest.raises(
        UnableError, match=r"'tests\.objectives:square' is not known to this worker \(known: cnn, mlp, mine\)"
    ):
        find_objective("tests.objectives:square", parse_definitions(["mine=tests.objectives:square"]))


@pytest.mark.parametrize("target", ["no_such_module:f", "tests.objectives:no_such_function"])
def test_a_failing_import_is_refused_with_the_reason(target: str) -> None:
    with pytest.raises(UnableError, match=r"cannot be imported: .*no_such"):
        find_objective("mine", parse_definitions([f"mine={target}"]))


def test_a_value_that_no_search_can_compare_is_an_error() -> None:
    objective = find_objective("bad", parse_definitions(["bad=tests.objectives:not_a_number"]))
    with pytest.raises(ValueError, match="the objective returned nan, expected a finite number"):
        objective(trial_of(x=0.5))


def test_every_built_in_objective_says_which_parameters_it_takes() -> None:
    assert set(BUILT_IN) == set(PARAMETERS)
