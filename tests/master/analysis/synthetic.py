"""Synthetic studies for tests of tables and figures: the data of `master.analysis.data.frames`, without files."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from hyperspool.common.goals import Constraint, Goal
from hyperspool.common.grid import grid
from hyperspool.common.halving import Halving
from hyperspool.common.records import Stage, Status
from hyperspool.common.space import Categorical, Fixed, Params, Scalar, Space
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.data.trade_off import trade_off_columns
from hyperspool.master.journal.entries import BatchEntry, ProposalEntry
from hyperspool.master.journal.journal import Batch, Journal
from hyperspool.master.search.known import Evaluation, Proposal

CHANCE = 0.9
SPACE: dict[str, Any] = {
    "num_filters": {"type": "int", "low": 10, "high": 100},
    "learning_rate": {"type": "float", "low": 0.01, "high": 0.3, "log": True},
    "momentum": {"type": "float", "low": 0.0, "high": 1.0},
    "batch_size": {"type": "int", "low": 16, "high": 256, "log": True},
}
"""The space of the random search."""
BEGIN = pd.Timestamp("2026-01-01T00:00:00Z")


def make_study_data(
    space: Mapping[str, Any] = SPACE,
    *,
    trials: int | None = None,
    replicates: int = 1,
    epochs: int = 8,
    objective: str = "cnn",
    direction: str = "minimise",
    has_curves: bool = True,
    diverges: Callable[[Params], bool] = lambda _: False,
    fails: Sequence[int] = (),
    seed: int = 0,
) -> StudyData:
    """A finished study whose errors fall exponentially towards a floor that depends on the params.

    Args:
        space: in the format of a study file.
        trials: number of random settings; None for the whole grid.
        replicates: trials per setting, one after the other.
        epochs: length of every curve.
        objective: its name. Any name that is not built in is a user's own objective.
        direction: of the objective. To maximise, values and curves are 1 minus the error.
        has_curves: whether the objective reported epochs.
        diverges: whether the loss of a trial with these params becomes NaN in the middle of its curve.
        fails: trials without a value.
        seed: of all random numbers here.
    """
    random = np.random.default_rng(seed)
    parameters = Space.model_validate(dict(space))
    settings = list(grid(parameters)) if trials is None else _random_settings(parameters, trials, random)
    spec = StudySpec.model_validate(
        {
            "name": "synthetic",
            "trials": len(settings) * replicates,
            "replicates": replicates,
            "sampler": {"name": "grid" if trials is None else "random"},
            "objective": {"name": objective, "direction": direction},
            "budget": {"epochs": epochs},
            "space": dict(space),
        }
    )
    rows: list[dict[str, Any]] = []
    curves: list[pd.DataFrame] = []
    evaluations: list[Evaluation] = []
    for setting, params in enumerate(settings):
        for replicate in range(replicates):
            place = {"trial": len(rows), "rung": 0, "setting": setting, "replicate": replicate}
            curve = _curve(parameters, params, epochs, random, is_diverged=diverges(params))
            if direction == "maximise":
                curve["validation_error"] = 1 - curve["validation_error"]
            row = _row(place, curve, has_curves=has_curves, is_failed=len(rows) in fails)
            stage = Stage(setting=setting, replicate=replicate)
            evaluations.append(_evaluation(Proposal(len(rows), params, stage), row))
            row |= {"batch": len(rows) // spec.batch}
            rows.append(row | {f"params_{name}": params.get(name) for name, _ in parameters.items()})
            curves.append(curve.assign(**place))
    return StudyData(
        spec,
        _typed(pd.DataFrame(rows), parameters),
        _one_frame(curves, has_curves=has_curves),
        tuple(evaluations),
        _journal(spec, [each.proposal for each in evaluations]),
    )


def with_rungs(
    data: StudyData, reach: Callable[[int], int] = lambda trial: (trial % 3 == 0) + (trial % 9 == 0)
) -> StudyData:
    """The same trials as successive halving would have stopped them.

    Args:
        data: a study with curves of 9 epochs.
        reach: the highest rung of a trial.
    """
    halving = Halving(name="successive")
    spec = data.spec.model_copy(update={"halving": halving})
    ladder = halving.ladder(spec.epochs)
    rows: list[dict[Any, Any]] = []
    for _, row in data.trials.iterrows():
        for rung in range(reach(row["trial"]) + 1):
            own = data.curves[(data.curves["trial"] == row["trial"]) & (data.curves["epoch"] <= ladder[rung])]
            value = row["value"] if pd.isna(row["value"]) or row["diverged"] else own["validation_error"].iloc[-1]
            status = row["status"] if row["status"] == "FAILED" else "COMPLETE"
            rows.append(row.to_dict() | {"rung": rung, "value": value, "status": status, "epochs": len(own)})
    every = pd.DataFrame(rows).astype(data.trials.dtypes).reset_index(drop=True)
    is_lower = every.duplicated("trial", keep="last")
    last = every[~is_lower].reset_index(drop=True)
    is_stopped = (last["rung"] < len(ladder) - 1) & (last["status"] == "COMPLETE")
    last["status"] = last["status"].where(~is_stopped, "PRUNED")
    ends = last.set_index("trial")["epochs"]
    curves = data.curves[data.curves["epoch"] <= data.curves["trial"].map(ends)].reset_index(drop=True)
    return replace(data, spec=spec, trials=last, curves=curves, lower_rungs=every[is_lower].reset_index(drop=True))


def with_goals(data: StudyData, count: int = 2, constraints: Sequence[str] = ()) -> StudyData:
    """The same trials with further objectives, which are the better the worse the value is, nearly.

    Args:
        data: a study of a user's own objective.
        count: of objectives, up to 4: `error`, which is the value, then `speed`, which is maximised, `cost` and `size`.
        constraints: on them.
    """
    goals = tuple(Goal(measure=name) for name in ("error", "speed", "cost", "size")[:count])
    goals = (goals[0], goals[1].model_copy(update={"direction": "maximise"}), *goals[2:])
    limits = tuple(map(Constraint.model_validate, constraints))
    random, found = np.random.default_rng(0), list[Evaluation]()
    for seen in data.evaluations:
        value = math.nan if seen.value is None else seen.value
        noise = random.random(3)
        numbers = (value, value * (1 + noise[0]), noise[1] / (0.01 + value), 10 ** (3 * noise[2]))[:count]
        by_name = dict(zip((goal.measure for goal in goals), map(float, numbers), strict=True))
        violations = tuple(each.violation(by_name[each.measure]) for each in limits)
        found.append(replace(seen, measured=tuple(by_name.values()), violations=violations))
    objective = data.spec.objective.model_copy(update={"measure": "error"})
    spec = data.spec.model_copy(update={"objective": objective, "objectives": goals, "constraints": limits or None})
    return replace(
        data, spec=spec, evaluations=tuple(found), trials=data.trials.assign(**trade_off_columns(spec, found))
    )


def reporting(*names: str, **asked: Any) -> StudyData:
    """A study of a user's own objective whose two trials reported these metrics.

    Args:
        *names: of the metrics; all have the same numbers.
        **asked: fields of the objective.
    """
    data = make_study_data({"x": [1, 2]}, objective="mine", epochs=4)
    objective = data.spec.objective.model_copy(update=asked)
    metrics = dict.fromkeys(names, data.curves["validation_error"])
    curves = data.curves.loc[:, :"elapsed_s"].assign(**metrics)
    return replace(data, spec=data.spec.model_copy(update={"objective": objective}), curves=curves)


def _evaluation(proposal: Proposal, row: Mapping[str, Any]) -> Evaluation:
    value = None if row["status"] == "FAILED" else float(row["value"])
    return Evaluation(proposal, Status(row["status"]), value, row["diverged"])


def _journal(spec: StudySpec, proposals: Sequence[Proposal]) -> Journal:
    """The journal of a master that proposes whole batches."""
    journal = Journal()
    for first in range(0, len(proposals), spec.batch):
        number = first // spec.batch
        own = [ProposalEntry.of(proposal, spec, number) for proposal in proposals[first : first + spec.batch]]
        journal.add(Batch(BatchEntry(batch=number, proposals=len(own), at=BEGIN.isoformat()), tuple(own)))
    return journal


def _random_settings(space: Space, count: int, random: np.random.Generator) -> list[Params]:
    return [space.at(lambda _: float(random.uniform())) for _ in range(count)]


def _unit(parameter: Any, value: Scalar) -> float:
    """The position of a value in its parameter's range, in [0, 1]."""
    match parameter:
        case Categorical():
            return parameter.choices.index(value) / max(len(parameter.choices) - 1, 1)
        case Fixed():
            return 0.5
        case _:
            scale = np.log if parameter.log else float
            low, high = scale(parameter.low), scale(parameter.high)
            return float((scale(float(value)) - low) / (high - low))


def _curve(
    space: Space, params: Params, epochs: int, random: np.random.Generator, *, is_diverged: bool
) -> pd.DataFrame:
    badness = sum((_unit(parameter, params[name]) - 0.6) ** 2 for name, parameter in space.items() if name in params)
    epoch = np.arange(1, epochs + 1)
    floor = 0.02 + 0.3 * badness
    noise = 1 + 0.05 * random.standard_normal((3, epochs))
    error = floor + (CHANCE - floor) * np.exp(-0.5 * epoch / (1 + badness))
    curve = pd.DataFrame(
        {
            "epoch": epoch,
            "seconds": _seconds(params) * (1 + 0.05 * np.abs(random.standard_normal(epochs))),
            "training_loss": 2.3 * error * noise[0] * 0.6**epoch + 0.001,
            "validation_loss": 2.3 * error * noise[1],
            "validation_error": np.clip(error * noise[2], 0, 1),
            "learning_rate": 0.01,
            "momentum": 0.9,
        }
    )
    if is_diverged:
        curve = curve.head(max(epochs // 2, 1))
        curve.loc[curve.index[-1], ["training_loss", "validation_loss"]] = np.nan
        curve.loc[curve.index[-1], "validation_error"] = CHANCE
    curve.insert(2, "elapsed_s", curve["seconds"].cumsum())
    return curve


def _seconds(params: Params) -> float:
    filters, batch_size = (
        float(params.get(name, default)) for name, default in (("num_filters", 32), ("batch_size", 64))
    )
    return 0.05 * (1 + filters / 50) * (1 + 64 / batch_size)


def _row(place: Mapping[str, int], curve: pd.DataFrame, *, has_curves: bool, is_failed: bool) -> dict[str, Any]:
    best = int(np.argmin(curve["validation_error"]))
    begin = BEGIN + pd.Timedelta(seconds=10 * place["trial"])
    training_s = float(curve["seconds"].sum())
    return {
        **place,
        "status": "FAILED" if is_failed else "COMPLETE",
        "value": np.nan if is_failed else curve["validation_error"].iloc[-1],
        "diverged": bool(not is_failed and curve["training_loss"].isna().any()),
        "batch": 0,
        "stage": "search",
        "round": np.nan,
        "failure": "exception" if is_failed else None,
        "failure_message": "ValueError: boom" if is_failed else None,
        "epochs": len(curve) if has_curves else 0,
        "best_epoch": float(curve["epoch"].iloc[best]) if has_curves else np.nan,
        "best_value": curve["validation_error"].iloc[best] if has_curves else np.nan,
        "attempts": 1,
        "issue": 1,
        "evaluation_s": training_s + 0.5,
        "training_s": training_s if has_curves else 0.0,
        "worker": f"lab-{place['trial'] % 2}",
        "host": "lab",
        "device": "cpu",
        "threads": 1,
        "published_at": begin - pd.Timedelta(seconds=1),
        "claimed_at": begin,
        "ended_at": begin + pd.Timedelta(seconds=training_s + 0.5),
        "seed_initialisation": place["trial"],
        "seed_shuffling": place["trial"] + 1,
        "seed_dropout": place["trial"] + 2,
    }


def _typed(trials: pd.DataFrame, space: Space) -> pd.DataFrame:
    types: dict[str, str] = dict.fromkeys(
        ("status", "stage", "failure", "failure_message", "worker", "host", "device"), "object"
    )
    types |= dict.fromkeys(("published_at", "claimed_at", "ended_at"), "datetime64[ms, UTC]")
    for name in space.root:
        column = trials[f"params_{name}"]
        if column.dtype.kind not in "ifb":
            types[f"params_{name}"] = "object"
    return trials.astype(types)


def _one_frame(curves: Sequence[pd.DataFrame], *, has_curves: bool) -> pd.DataFrame:
    order = ["trial", "rung", "setting", "replicate", "epoch", "seconds", "elapsed_s"]
    order += ["training_loss", "validation_loss", "validation_error", "learning_rate", "momentum"]
    whole = pd.concat(curves, ignore_index=True)[order]
    return whole if has_curves else whole.head(0)
