import sys
from pathlib import Path

import pytest

from hyperspool.common.definitions import Definition, FunctionDefinition, OwnObjectives
from hyperspool.common.errors import UnableError
from hyperspool.common.objectives import PARAMETERS
from hyperspool.common.study_objective import Objective
from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.registry import BUILT_IN, find_objective
from tests.worker.test_trial import trial_of


def given(option: str) -> tuple[Definition, ...]:
    return OwnObjectives((option,)).definitions()


def test_a_users_function_is_found_by_its_name() -> None:
    objectives = given("mine=tests.objectives:square")
    assert find_objective(Objective(name="mine"), objectives)(trial_of(x=0.5)) == Measured((0.5 - 0.3) ** 2)


def test_an_objective_that_was_not_given_is_not_found() -> None:
    with pytest.raises(UnableError, match=r"'square' is not known to this worker \(known: cnn, mlp, mine\)"):
        find_objective(Objective(name="square"), given("mine=tests.objectives:square"))


@pytest.mark.parametrize("target", ["no_such_module:f", "tests.objectives:no_such_function"])
def test_a_failing_import_is_refused_with_the_reason(target: str) -> None:
    with pytest.raises(UnableError, match=r"cannot be imported: .*no_such"):
        find_objective(Objective(name="mine"), given(f"mine={target}"))


@pytest.fixture
def clean_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a test has put on the import path; the modules themselves have names that no other test uses."""
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.mark.usefixtures("clean_imports")
@pytest.mark.parametrize("target", ["own_valley:f", "own_valley.py:f", "inner/own_inner.py:f"])
def test_a_function_is_found_in_its_own_folder(tmp_path: Path, target: str) -> None:
    (tmp_path / "inner").mkdir()
    for file in ("own_valley.py", "inner/own_inner.py"):
        (tmp_path / file).write_text("def f(params, trial):\n    return params['x'] + 1\n")
    objective = find_objective(Objective(name="mine"), (FunctionDefinition("mine", target, tmp_path),))
    assert objective(trial_of(x=0.5)) == Measured(1.5)
    sys.modules.pop(Path(target.rpartition(":")[0]).stem)


@pytest.mark.usefixtures("clean_imports")
def test_a_file_whose_name_another_module_has_is_refused(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("def f(params, trial):\n    return 1\n")
    with pytest.raises(UnableError, match=r"the name json belongs to the module .*; rename the file .*json\.py"):
        find_objective(Objective(name="mine"), (FunctionDefinition("mine", "json.py:f", tmp_path),))


def test_a_value_that_no_search_can_compare_is_an_error() -> None:
    objective = find_objective(Objective(name="bad"), given("bad=tests.objectives:not_a_number"))
    with pytest.raises(ValueError, match="the objective returned nan, expected a finite number"):
        objective(trial_of(x=0.5))


def test_every_built_in_objective_says_which_parameters_it_takes() -> None:
    assert set(BUILT_IN) == set(PARAMETERS)
