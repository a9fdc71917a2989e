"""The study of which a user's own objective is checked: one trial, in the middle of the space."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hyperspool.common.clock import now_text
from hyperspool.common.commands import CommandDefinition
from hyperspool.common.definitions import Definition, published_table
from hyperspool.common.errors import StudyError, UsageError
from hyperspool.common.records import Budget, Job, Seeds
from hyperspool.common.space import Params, Space
from hyperspool.common.study_file import read_study_file
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.validation import explain, unknown_key
from hyperspool.common.values import Scalar
from hyperspool.worker.check.params import assignment

EPOCHS = 3
"""The budget of a check: enough to be stopped in the middle and to go on, and no more than a person waits for."""
MIDDLE = 0.5
"""The place in every parameter's range, on its own scale, at which an objective is checked."""
_NO_PARAMS = {"none": {"type": "fixed", "value": True}}
"""A space has a parameter; the trial does not get this one."""


@dataclass(frozen=True)
class CheckedStudy:
    """What an objective is evaluated with.

    Attributes:
        spec: the study.
        job: its only job.
        has_params: whether anybody said what the objective's parameters are.
        is_command: whether the objective is a command.
    """

    spec: StudySpec
    job: Job
    has_params: bool
    is_command: bool


def study_file_for(objective: str, folder: Path) -> Path | None:
    """The study file in `folder` that searches an objective, if there is exactly one: it knows the parameters."""
    found = [path for path in sorted(folder.glob("*.toml")) if _name_in(path) == objective]
    return found[0] if len(found) == 1 else None


def checked_study(
    definition: Definition, file: Path | None, assignments: Sequence[str], epochs: int | None, seed: int
) -> CheckedStudy:
    """Make the study and the job of a check.

    Args:
        definition: of the objective.
        file: the study's file, which says what its parameters are; None: only `assignments` do.
        assignments: `--set KEY=VALUE` options.
        epochs: the budget; None: `EPOCHS`, or the study's if that is less.
        seed: of everything random.

    Raises:
        StudyError: the file is not valid, or the command does not fit its parameters.
        UsageError: a parameter is unknown or does not allow a value.
    """
    values = dict(map(assignment, assignments))
    spec = _of_file(file, values) if file else _of_values(definition.name, values)
    is_command = isinstance(definition, CommandDefinition)
    if isinstance(definition, CommandDefinition) and (problems := definition.problems(spec.space)):
        hint = () if file else ("its parameters are set by --set KEY=VALUE, or by --study-file FILE",)
        raise StudyError(f"objective {definition.name}", (*problems, *hint))
    has_params = bool(file or values)
    params: Params = spec.space.at(lambda _name: MIDDLE) if has_params else {}
    budget = epochs or (min(spec.budget.epochs, EPOCHS) if spec.budget else 1)
    job = Job(
        study=spec.name,
        trial=0,
        params=params,
        budget=Budget(epochs=budget),
        seeds=Seeds(initialisation=seed, shuffling=seed, dropout=seed),
        published_at=now_text(),
    )
    return CheckedStudy(spec, job, has_params, is_command)


def _name_in(path: Path) -> object:
    with suppress(UsageError):  # whoever runs the study is told what is wrong with its file
        objective = published_table(read_study_file(path), path).get("objective")
        return objective.get("name") if isinstance(objective, dict) else None
    return None


def _of_values(name: str, values: Mapping[str, Scalar]) -> StudySpec:
    space = {key: {"type": "fixed", "value": value} for key, value in values.items()} or _NO_PARAMS
    table = {"name": "check", "trials": 1, "objective": {"name": name}, "budget": {"epochs": EPOCHS}, "space": space}
    return _spec_of(table, "--set")


def _of_file(path: Path, values: Mapping[str, Scalar]) -> StudySpec:
    table = {"name": path.stem} | published_table(read_study_file(path), path)
    table.pop("quick", None)
    spec = _spec_of(table, str(path))
    parameters = dict(spec.space.items())
    for name, value in values.items():
        if name not in parameters:
            raise UsageError(f"--set {unknown_key(name, list(parameters))}")
        whole = float(value) if parameters[name].type == "float" and type(value) is int else value
        if problem := parameters[name].problem(whole):
            raise UsageError(f"--set {name}: {problem}")
        when = {key: list(wanted) for key, wanted in parameters[name].when.items()}
        table["space"][name] = {"type": "fixed", "value": whole, "when": when}
    # The sampler, the trials and the like may not suit a space with fixed parameters, and nobody asks them here.
    return spec.model_copy(update={"space": _space_of(table["space"])}) if values else spec


def _spec_of(table: Mapping[str, Any], source: str) -> StudySpec:
    try:
        return StudySpec.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        raise StudyError(source, explain(error, StudySpec)) from error


def _space_of(table: Mapping[str, Any]) -> Space:
    return Space.model_validate_json(json.dumps(table, default=str))
