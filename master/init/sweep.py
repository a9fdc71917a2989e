"""Reads a W&B sweep's YAML and drafts a study from it. Nothing of the sweep is run."""

import os
from pathlib import Path
from typing import Any

import yaml

from hyperspool.common.commands import FACTS
from hyperspool.common.errors import UsageError
from hyperspool.common.grid import grid_problems
from hyperspool.common.names import MAX_TRIALS
from hyperspool.common.records import MAX_EPOCHS
from hyperspool.common.space import MAX_PARAMETERS, Categorical, Fixed
from hyperspool.common.validation import shown
from hyperspool.master.init.draft import Draft, Entry, Parameter, flag_row
from hyperspool.master.init.option import Option
from hyperspool.master.init.roles import BUDGETS, free_name
from hyperspool.master.init.study_text import study_name
from hyperspool.master.init.sweep_command import Argument, SweepCommand
from hyperspool.master.init.sweep_parameters import carried

_MAX_BYTES = 200_000
_MAX_DEPTH = 50
_CARRIED = {"program", "command", "method", "metric", "name", "parameters", "run_cap", "early_terminate", "$schema"}
_OF_WANDB = {"project", "entity", "description", "controller", "settings"}
_USUAL_TRIALS = 30


def is_sweep(path: Path) -> bool:
    """Whether a file's name says that it is YAML."""
    return path.suffix.lower() in {".yaml", ".yml"}


def draft_of_sweep(path: Path, folder: Path) -> Draft:
    """The study that a sweep's YAML describes.

    Args:
        path: the sweep's file.
        folder: the folder of the study's file, in which its command runs. W&B runs a sweep's program where its agent
            was started, which is taken to be the working directory.

    Raises:
        UsageError: the file is not there, or is not a sweep.
    """
    try:
        return _draft(_read(path), path, folder)
    except UsageError as error:
        raise UsageError(f"{path} cannot be read as a W&B sweep: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise UsageError(f"it is longer than {_MAX_BYTES} bytes")
        _check_bounds(content)
        sweep = yaml.safe_load(content)
    except OSError as error:
        raise UsageError(str(error.strerror)) from error
    except yaml.YAMLError as error:
        raise UsageError(f"it is not valid YAML: {' '.join(str(error).split())}") from error
    except ValueError as error:  # a date of the 31st of June
        raise UsageError(f"it is not valid YAML: {error}") from error
    if not isinstance(sweep, dict) or not isinstance(sweep.get("parameters"), dict) or not sweep["parameters"]:
        raise UsageError("it has no table `parameters`, which names what is searched")
    if len(sweep["parameters"]) > MAX_PARAMETERS:
        raise UsageError(f"it has {len(sweep['parameters'])} parameters, and a study has at most {MAX_PARAMETERS}")
    return sweep


def _check_bounds(content: bytes) -> None:
    """Refuse what few bytes would turn into hours of work: nine lines of aliases describe a billion values."""
    depth = 0
    for event in yaml.parse(content, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise UsageError("it has aliases (*name): write out what they stand for")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise UsageError(f"its tables and lists are nested more than {_MAX_DEPTH} deep")


def _draft(sweep: dict[str, Any], path: Path, folder: Path) -> Draft:
    draft = Draft(study_name(str(sweep.get("name") or path.stem)), path.name)
    program = str(sweep["program"]) if sweep.get("program") else None
    if program and Path(program).is_file():
        program = os.path.relpath(Path(program).absolute(), folder.absolute())
    command = SweepCommand(sweep.get("command"), program)
    arguments = _parameters(draft, sweep["parameters"], has_flags=command.has_flags)
    draft.command = command.rows(arguments)
    draft.remarks += command.remarks
    _metric(draft, sweep.get("metric"))
    _method(draft, sweep)
    if "early_terminate" in sweep:
        draft.left_out.append(("early_terminate", "no trial is stopped early here"))
    for key in sweep:
        if key not in _CARRIED:
            draft.left_out.append((str(key), "a name at W&B" if key in _OF_WANDB else "a study has nothing like it"))
    return draft


def _parameters(draft: Draft, given: dict[Any, Any], *, has_flags: bool) -> list[Argument]:
    """Carry over the sweep's parameters; return them as they stand in the command."""
    arguments: list[Argument] = []
    taken = set(FACTS)
    budget = _budget(given)
    for key, described in given.items():
        found = carried(described)
        if key == budget:
            draft.epochs, draft.epochs_comment = described["value"], f"the sweep's {key}"
            arguments.append(Argument(str(key), "{epochs}"))
        elif found.parameter is None:
            draft.left_out.append((str(key), found.note))
        else:
            name = free_name(Option((str(key),)).name, taken)
            taken.add(name)
            arguments.append(_argument(draft, str(key), name, found.parameter, has_flags=has_flags))
            if found.note:
                draft.remarks.append(f"{key}: {found.note}.")
            if key in FACTS:
                more = "; `replicates` repeats a setting with other seeds" if key == "seed" else ""
                draft.remarks.append(f"{key} is called {name} here: {{{key}}} in a command is the study's own{more}.")
    return arguments


def _argument(draft: Draft, key: str, name: str, parameter: Parameter, *, has_flags: bool) -> Argument:
    values = parameter.choices if isinstance(parameter, Categorical) else ()
    is_switch = bool(values) and all(isinstance(value, bool) for value in values)
    if not is_switch and isinstance(parameter, Fixed):
        is_switch = isinstance(parameter.value, bool)
    comment = "" if key == name else f"{key} in the sweep"
    if is_switch and has_flags:
        draft.space.append(Entry(name, parameter, comment))
        return Argument(key, f"{{{name}}}", flag_row(name, f"--{key}"))
    draft.space.append(Entry(name, _as_python_writes(parameter), comment))
    return Argument(key, f"{{{name}}}")


def _as_python_writes(parameter: Parameter) -> Parameter:
    """True and false as W&B puts them on a command line: `--flag=True`."""
    if isinstance(parameter, Categorical) and any(isinstance(value, bool) for value in parameter.choices):
        written = tuple(str(value) if isinstance(value, bool) else value for value in parameter.choices)
        return Categorical(type="categorical", choices=written)
    if isinstance(parameter, Fixed) and isinstance(parameter.value, bool):
        return Fixed(type="fixed", value=str(parameter.value))
    return parameter


def _budget(given: dict[Any, Any]) -> Any:
    """The parameter that is a fixed number of epochs; None if there is none."""
    for name in (name for names in BUDGETS for name in names):
        described = given.get(name)
        value = described.get("value") if isinstance(described, dict) else None
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_EPOCHS:
            return name
    return None


def _metric(draft: Draft, metric: Any) -> None:
    name = metric.get("name") if isinstance(metric, dict) else None
    goal = metric.get("goal", "minimize") if isinstance(metric, dict) else "minimize"
    if goal not in {"minimize", "maximize"}:
        raise UsageError(f"metric.goal: found {shown(goal)}, expected minimize or maximize")
    draft.direction = "maximise" if goal == "maximize" else "minimise"
    if not isinstance(name, str) or not name:
        draft.measure_comment = "name the metric that a trial is judged by"
        draft.remarks.append("The sweep names no metric: name the one that a trial is judged by (measure).")
    else:
        draft.measure, draft.measure_comment = Option((name,)).name, f"the sweep's metric {name}"
    if isinstance(metric, dict) and "target" in metric:
        draft.left_out.append(("metric.target", "a study goes on to its number of trials"))
    printed = f'print(json.dumps({{"epoch": epoch, "{draft.measure}": value}}))'
    draft.remarks.append(f"What wandb.log gets, the program has to print: {printed}.")


def _method(draft: Draft, sweep: dict[str, Any]) -> None:
    """The sampler, and the number of trials."""
    method, cap = sweep.get("method"), sweep.get("run_cap")
    is_capped = isinstance(cap, int) and not isinstance(cap, bool) and 1 <= cap <= MAX_TRIALS
    draft.trials, draft.trials_comment = _USUAL_TRIALS, "the sweep has no run_cap, and would never end"
    if is_capped:
        draft.trials, draft.trials_comment = int(cap), "the sweep's run_cap"  # type: ignore[arg-type]
    elif cap is not None:
        raise UsageError(f"run_cap: found {shown(cap)}, expected a whole number, 1 to {MAX_TRIALS}")
    if method == "grid":
        problems = grid_problems(draft.checked_space())
        draft.sampler = "" if problems else "grid"
        if not problems and not is_capped:
            draft.trials, draft.trials_comment = 0, ""
        draft.remarks += [f"method: grid became random search: {problem}." for problem in problems]
    elif method == "bayes":
        draft.sampler = "auto"  # which is a Gaussian process, as a sweep's, wherever that suits
    elif method != "random":
        draft.remarks.append(f"method: {shown(method)} became random search: it is not known here.")
