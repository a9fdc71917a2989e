"""The study of a range test, and the study that trains with its answer."""

import json
from pathlib import Path
from typing import Any

from hyperspool.common.errors import UsageError
from hyperspool.common.objectives import PARAMETERS
from hyperspool.common.space import Fixed, Scalar
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.measures.lr_range import Proposal
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.source import find_study
from hyperspool.master.studies.validity import validated

SUFFIX = "lr-range"
REPLACED = (
    "learning_rate",
    "schedule",
    "eta_min",
    "eta_max",
    "eta_log",
    "step_size",
    "cycles",
    "snapshots",
    "patience",
)
"""Parameters that the range test sets itself, or that would end it early."""


def range_study(base: StudySpec, low: float, high: float, epochs: int, *, is_log: bool) -> StudySpec:
    """Make a study of one trial, whose learning rate rises from `low` to `high`, with one point of the curve per epoch.

    Parameters that the base study fixes keep their values, except those in `REPLACED`. Parameters that it searches take
    the objective's defaults.

    Raises:
        UsageError: the objective has no schedules, or the rates are not a range.
    """
    if base.objective.name not in PARAMETERS:
        known = " or ".join(PARAMETERS)
        raise UsageError(f"{base.name}: its objective is {base.objective.name}, but a range test trains {known}")
    if not 0 < low < high:
        raise UsageError(f"--from {low:g} --to {high:g}: expected 0 < --from < --to")
    rising: dict[str, Scalar] = {"schedule": "range_test", "eta_min": low, "eta_max": high, "eta_log": is_log}
    table = _one_trial(base, f"{base.name}-{SUFFIX}", kept_params(base) | rising, epochs)
    table["title"] = f"Learning-rate range test from {low:g} to {high:g}"
    return validated(table, f"range test of {base.name}")


def kept_params(base: StudySpec) -> dict[str, Scalar]:
    """Return the fixed params that a range test takes over; from an ablation, also those of its base setting."""
    given = base.ablation.base if base.ablation else {}
    found: dict[str, Scalar] = {}
    for name, parameter in base.space.items():
        if name in REPLACED or parameter.when:
            continue
        if isinstance(parameter, Fixed):
            found[name] = parameter.value
        elif name in given:
            found[name] = given[name]
    return found


def left_at_defaults(base: StudySpec) -> tuple[str, ...]:
    """Return the params that a study searches or sets conditionally: a range test uses the objective's defaults."""
    kept = kept_params(base)
    return tuple(name for name, _ in base.space.items() if name not in kept and name not in REPLACED)


def cyclical_study(tested: StudySpec, proposal: Proposal) -> StudySpec:
    """Make the study that trains with the answer: the range test's study with a triangular schedule in the range."""
    cycling: dict[str, Scalar] = {"schedule": "triangular", "eta_min": proposal.eta_min, "eta_max": proposal.eta_max}
    table = _one_trial(tested, f"{tested.name}-triangular", kept_params(tested) | cycling, tested.epochs)
    table["title"] = f"Cycles between {proposal.eta_min:g} and {proposal.eta_max:g}"
    return validated(table, f"answer of {tested.name}")


def base_study(study: str | None, objective: str | None, root: Path, changes: Changes) -> StudySpec:
    """Return the study whose training is tested: a preset, a file, a published study, or an objective's defaults.

    Raises:
        UsageError: a study and an objective are both given, or the one given does not exist.
    """
    if study and objective:
        raise UsageError(f"{study} has its own objective: leave out --objective {objective}")
    if study:
        return find_study(study, root, changes)
    name = objective or "cnn"
    if name not in PARAMETERS:
        raise UsageError(f"--objective {name}: expected {' or '.join(PARAMETERS)}")
    table = {"trials": 1, "objective": {"name": name}, "budget": {"epochs": 1}, "space": {"momentum": 0.9}}
    changed = changes.apply(table)
    changed.setdefault("name", f"{name}-{changed.get('data', {}).get('name', 'digits')}")
    return validated(changed, f"range test of {name}", changes)


def to_toml(spec: StudySpec) -> str:
    """Write a study of fixed parameters as TOML that `run` accepts."""
    head = [("name", spec.name), ("title", spec.title), ("trials", spec.trials), ("batch", spec.batch)]
    head += [("objective.name", spec.objective.name), ("objective.threads", spec.objective.threads)]
    head += [("budget.epochs", spec.epochs), ("seed", spec.seed), ("claim", spec.claim.word)]
    limits: dict[str, Any] = json.loads(spec.limits.to_json())
    head += [(f"limits.{key}", value) for key, value in limits.items() if value is not None]
    if spec.data:
        head.append(("data.name", spec.data.name))
        head += [("data.train_size", spec.data.train_size)] if spec.data.train_size else []
    space = [(name, parameter.value) for name, parameter in spec.space.items() if isinstance(parameter, Fixed)]
    # JSON and TOML write strings, numbers and booleans alike.
    lines = [f"{key} = {json.dumps(value)}" for key, value in head]
    return "\n".join([*lines, "", "[space]", *(f"{key} = {json.dumps(value)}" for key, value in space), ""])


def _one_trial(base: StudySpec, name: str, params: dict[str, Scalar], epochs: int) -> dict[str, Any]:
    table: dict[str, Any] = json.loads(base.to_json())
    left_out = ("ablation", "confirm", "sampler", "replicates", "schema_version")
    kept = {key: value for key, value in table.items() if key not in left_out}
    space = {key: {"type": "fixed", "value": value} for key, value in params.items()}
    return kept | {"name": name, "trials": 1, "batch": 1, "budget": {"epochs": epochs}, "space": space}
