"""A study in Optuna's words, for its plots, its importances and its dashboard.

A trial keeps its number, its state, its params with their ranges, its times, and the curve of the metric that ranks its
epochs, as intermediate values. RUNNING trials are there with their curves so far, PENDING ones are WAITING. Constraints
are there in the form that Optuna and its dashboard both read. What Optuna has no word for is in the user attributes.

A parameter that is fixed in all trials is no parameter for Optuna: it is an attribute of the study. Choices that Python
takes for equal, as 1 and true, become texts.
"""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hyperspool.common.records import Status
from hyperspool.common.space import Categorical, Fixed, Float, Int, Params, Scalar
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.columns import Parameter
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.exports.plain_trials import PlainTrial, goals_of, plain_trials
from hyperspool.master.analysis.measures.epoch_metric import find_epoch_metric
from hyperspool.master.search.quiet import quiet_optuna

METRIC_NAMES = "study:metric_names"
"""The attribute of a study in which Optuna keeps the names of its objectives."""
CONSTRAINTS = "constraints"
"""The attribute of a trial whose list of violations both Optuna and its dashboard read."""
STATES = {
    Status.COMPLETE: TrialState.COMPLETE,
    Status.PRUNED: TrialState.PRUNED,
    Status.FAILED: TrialState.FAIL,
    Status.RUNNING: TrialState.RUNNING,
    Status.PENDING: TrialState.WAITING,
}


def optuna_study(data: StudyData, storage: optuna.storages.BaseStorage | None = None) -> optuna.Study:
    """Return a study as Optuna's.

    Args:
        data: the study; the trials without a result are there if `study_so_far` has read it.
        storage: to put it into; None: memory.
    """
    with quiet_optuna():
        study = optuna.create_study(study_name=data.spec.name, storage=storage, directions=directions_of(data.spec))
        study.set_metric_names([goal.measure for goal in goals_of(data.spec)])
        for name, value in study_attributes(data.spec).items():
            study.set_user_attr(name, value)
        study.add_trials(frozen_trials(data))
    return study


def directions_of(spec: StudySpec) -> list[StudyDirection]:
    """The direction of each objective."""
    ways = {"minimise": StudyDirection.MINIMIZE, "maximise": StudyDirection.MAXIMIZE}
    return [ways[goal.direction] for goal in goals_of(spec)]


def study_attributes(spec: StudySpec) -> dict[str, Any]:
    """What Optuna has no word for: the study's title, objective, sampler, seed, fixed params and constraints."""
    fixed = {name: each.value for name, each in spec.space.items() if isinstance(each, Fixed) and not each.when}
    known = {
        "title": spec.title,
        "objective": spec.objective.name,
        "sampler": spec.sampler.name,
        "seed": spec.seed,
        "fixed": fixed,
        "constraints": [str(each) for each in spec.constraints or ()],
    }
    return {name: value for name, value in known.items() if value not in ("", {}, [])}


def frozen_trials(data: StudyData) -> list[FrozenTrial]:
    """The trials as Optuna keeps them, each at the place of its number; one of which nothing is known is WAITING."""
    trials = {trial.number: trial for trial in plain_trials(data)}
    distributions = _distributions(data.spec, [trial.params for trial in trials.values()])
    metric = find_epoch_metric(data)
    ranked = metric.name if metric else None
    count = max(trials, default=-1) + 1
    return [
        _frozen(data.spec, trials[number], distributions, ranked) if number in trials else _unknown(number)
        for number in range(count)
    ]


def _frozen(
    spec: StudySpec, trial: PlainTrial, distributions: Mapping[str, BaseDistribution], metric: str | None
) -> FrozenTrial:
    state, values = _state(spec, trial), list(trial.values.values())
    steps = {} if metric is None else dict(zip(trial.curve["epoch"], trial.curve[metric], strict=True))
    own = {name: distributions[name] for name in trial.params if name in distributions}
    attributes = trial.attributes | trial.metrics | ({"failure": trial.failure} if trial.failure else {})
    frozen = FrozenTrial(
        number=trial.number,
        trial_id=trial.number,
        state=state,
        value=None,
        values=values if values and state in {TrialState.COMPLETE, TrialState.PRUNED} else None,
        params={name: _shown(spec.space.root[name], trial.params[name]) for name in own},
        distributions=own,
        datetime_start=_local(trial.began) if state is not TrialState.WAITING else None,
        datetime_complete=_local(trial.ended or trial.began) if state.is_finished() else None,
        user_attrs=attributes,
        system_attrs={CONSTRAINTS: list(trial.violations.values())} if trial.violations else {},
        intermediate_values={int(step): float(value) for step, value in steps.items() if not math.isnan(value)},
    )
    frozen._validate()  # noqa: SLF001 - what Optuna does with each trial that is added to a study
    return frozen


def _unknown(number: int) -> FrozenTrial:
    """A trial whose files are lost. Without it, all later trials would get other numbers."""
    trial = optuna.create_trial(state=TrialState.WAITING)
    trial.number = number
    return trial


def _state(spec: StudySpec, trial: PlainTrial) -> TrialState:
    state = STATES[trial.status]
    if state is TrialState.COMPLETE and len(trial.values) < len(goals_of(spec)):
        return TrialState.FAIL  # Optuna knows no COMPLETE trial without one of its objectives
    if state is TrialState.RUNNING and trial.began is None:
        return TrialState.WAITING  # its worker has just ended or begun it
    return state


def _local(moment: datetime | None) -> datetime:
    # Optuna keeps local times without their zone. A time that no worker wrote is shown as the first there is.
    moment = moment or datetime.fromisoformat("1970-01-02T00:00:00+00:00")
    return moment.astimezone().replace(tzinfo=None)


def _distributions(spec: StudySpec, params: Sequence[Params]) -> dict[str, BaseDistribution]:
    found: dict[str, BaseDistribution] = {}
    for name, parameter in spec.space.items():
        if not isinstance(parameter, Fixed) or parameter.when:
            found[name] = _distribution(parameter, [own[name] for own in params if name in own])
    return found


def _distribution(parameter: Parameter, values: Sequence[Scalar]) -> BaseDistribution:
    match parameter:
        case Float(step=None):
            return FloatDistribution(parameter.low, parameter.high, log=parameter.log)
        case Float():
            stepped = FloatDistribution(parameter.low, parameter.at_step(parameter.step_count - 1), step=parameter.step)
            # Of very many steps, Optuna takes the rounding of the last ones for values between two steps.
            is_whole = all(stepped._contains(float(value)) for value in values)  # noqa: SLF001 - as its own check does
            return stepped if is_whole else FloatDistribution(parameter.low, parameter.high)
        case Int():
            step = parameter.step or 1
            high = parameter.low + (parameter.high - parameter.low) // step * step
            return IntDistribution(parameter.low, high, log=parameter.log, step=step)
        case Categorical():
            return CategoricalDistribution([_shown(parameter, choice) for choice in parameter.choices])
        case Fixed():
            return CategoricalDistribution([parameter.value])


def _shown(parameter: Parameter, value: Scalar) -> Scalar:
    """A value as Optuna gets it: as it is, or as a text if Python takes two of the choices for equal."""
    if not isinstance(parameter, Categorical) or len(set(parameter.choices)) == len(parameter.choices):
        return value
    texts = {_text(choice) for choice in parameter.choices}
    return _text(value) if len(texts) == len(parameter.choices) else json.dumps(value)


def _text(value: Scalar) -> str:
    return value if isinstance(value, str) else json.dumps(value)
