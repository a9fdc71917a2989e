from dataclasses import dataclass

import pytest

from hyperspool.common.outcome import Outcome
from hyperspool.common.records import Attribution, Budget, Result, Seeds, Stage, Status, Times
from hyperspool.common.sharing import SharedParts
from hyperspool.common.space import Params


@dataclass
class Asked:
    params: Params
    seeds: Seeds
    stage: Stage | None


def result_of(trial: int, params: Params) -> Result:
    at = f"2026-01-01T00:00:{trial:02}.000Z"
    return Result(
        study="demo",
        trial=trial,
        issue=1,
        attempt=1,
        status=Status.COMPLETE,
        value=0.5,
        params=params,
        budget=Budget(epochs=3),
        seeds=Seeds(initialisation=1, shuffling=2, dropout=trial),
        stage=Stage(setting=trial),
        attribution=Attribution(worker="w", host="h", pid=1, device="cpu", threads=1, versions={"numpy": "2"}),
        times=Times(published_at=at, claimed_at=at, ended_at=at, evaluation_s=1, training_s=0),
    )


def test_outcomes_share_what_is_equal_and_change_nothing() -> None:
    shared = SharedParts()
    written = [result_of(trial, {"x": 1}) for trial in range(2)]
    kept = [shared.outcome(Result.model_validate_json(result.to_json())) for result in written]
    assert kept == [Outcome.of(result) for result in written]
    assert all(getattr(kept[1], name) == getattr(written[1], name) for name in Outcome._fields)
    assert kept[0].attribution is kept[1].attribution
    assert kept[0].budget is kept[1].budget


def test_an_outcome_has_each_field_of_a_result() -> None:
    assert {*Result.model_fields} - {*Outcome._fields} == {"schema_version", "study"}


@pytest.mark.parametrize(("recorded", "is_shared"), [({"x": 1}, True), ({"x": 1.0}, False), ({"x": True}, False)])
def test_params_are_shared_only_with_the_same_types(recorded: Params, is_shared: bool) -> None:
    asked = Asked(recorded, Seeds(initialisation=1, shuffling=2, dropout=0), Stage(setting=9))
    outcome = SharedParts().outcome(result_of(0, {"x": 1}), asked)
    assert (outcome.params is recorded) is is_shared
    assert repr(outcome.params) == "{'x': 1}"
    assert outcome.seeds is asked.seeds
    assert outcome.stage == Stage(setting=0)
