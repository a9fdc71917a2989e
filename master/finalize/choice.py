"""Chooses the setting for the final evaluation, and makes the study that evaluates it."""

from dataclasses import dataclass

from pydantic import ValidationError

from hyperspool.common.errors import UsageError
from hyperspool.common.final import final_name
from hyperspool.common.objectives import PARAMETERS
from hyperspool.common.population import PBT
from hyperspool.common.space import Fixed, Params, Space
from hyperspool.common.study_objective import Data
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import counted


@dataclass(frozen=True)
class Choice:
    """The winning setting of a study.

    Attributes:
        params: the setting's params.
        trial: the trial of the search that stands for it.
        reason: how the setting was chosen, in a sentence.
    """

    params: Params
    trial: int
    reason: str


def choose(standing: Standing) -> Choice:
    """Choose the incumbent of a finished study; of one that confirms its finalists, among those alone.

    Raises:
        UsageError: the objective is not built in, the study is not finished or has several objectives, or no trial has
            a value without diverging, or none keeps the constraints.
    """
    spec = standing.spec
    if spec.objective.name not in PARAMETERS:
        raise UsageError(
            f"study {spec.name} evaluates {spec.objective.name}, an objective of your own, and only its author knows "
            f"its test data: finalize works with {', '.join(PARAMETERS)}"
        )
    if not standing.is_finished:
        raise UsageError(
            f"study {spec.name} has {len(standing.results)} of {counted(spec.all_trials, 'result')}: finish it first, "
            "because the test part is read only once"
        )
    if spec.objectives:
        raise UsageError(
            f"study {spec.name} has several objectives, so no setting is the best: choose one of its front, and "
            "finalize a study of that setting alone"
        )
    if spec.sampler.name == PBT:
        raise UsageError(
            f"study {spec.name} trained a population, and params that changed in mid-training are no setting to train "
            "with from the start: search around them by another sampler, and finalize that study"
        )
    evaluations = standing.at_full_budget()
    counting = [seen for seen in evaluations if not seen.stage.is_search] or evaluations
    if all(seen.number is None or seen.diverged for seen in counting):
        raise UsageError(f"no trial of study {spec.name} has a value without diverging: there is nothing to choose")
    # A diverged trial counts with the error of guessing.
    best = standing.incumbent
    if best is None or (spec.confirm and best.confirmed is None):
        raise UsageError(f"no setting of study {spec.name} keeps every constraint: there is nothing to choose")
    counted_setting = best.confirmed.again if best.confirmed else best.searched
    return Choice(best.params, best.trial, _reason(spec, best.trial, len(counted_setting.evaluations)))


def final_spec(spec: StudySpec, params: Params) -> StudySpec:
    """Make the study of one trial that evaluates `params` on the test part.

    Raises:
        UsageError: the study's name is too long to add the suffix of a final evaluation.
    """
    data = spec.data or Data()
    name = final_name(spec.name)
    try:
        return StudySpec(
            name=name,
            title=f"The final evaluation of {spec.name}",
            seed=spec.seed,
            trials=1,
            batch=1,
            claim=spec.claim,
            objective=spec.objective,
            data=Data(name=data.name, train_size=data.train_size, final=True),
            budget=spec.budget,
            limits=spec.limits,
            space=Space({key: Fixed(type="fixed", value=value) for key, value in params.items()}),
        )
    except ValidationError as error:
        raise UsageError(
            f"{name!r} is too long for a study's name (at most 64 characters): give the study a shorter name"
        ) from error


def _reason(spec: StudySpec, first: int, times: int) -> str:
    searched = f"{counted(spec.trials, 'trial')} by {spec.sampler.name} search"
    if spec.ablation and spec.confirm:
        return (
            f"{searched} in {counted(spec.confirm.finalists, 'test case')} of an ablation; the best setting of each "
            f"case was evaluated again {spec.confirm.replicates} times; the setting of trial {first} had the best mean"
        )
    if spec.confirm:
        return (
            f"{searched}; the best {counted(spec.confirm.finalists, 'setting')} evaluated again "
            f"{spec.confirm.replicates} times each; the setting of trial {first} had the best mean"
        )
    often, measure = ("once", "value") if times == 1 else (f"{times} times", "mean")
    return f"{searched}; the setting of trial {first}, evaluated {often}, had the best {measure}"
