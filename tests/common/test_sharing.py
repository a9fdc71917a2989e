import pytest

from hyperspool.common.records import Attribution, Budget, Record, Result, Seeds, Stage, Status, Times
from hyperspool.common.sharing import Shared, share
from hyperspool.common.space import Params


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


def test_results_share_what_is_equal_and_stay_as_they_were() -> None:
    shared = Shared()
    written = [result_of(trial, {"x": 1}) for trial in range(2)]
    read = [shared.result(Result.model_validate_json(result.to_json())) for result in written]
    assert read == written
    assert [result.to_json() for result in read] == [result.to_json() for result in written]
    assert read[0].attribution is read[1].attribution
    assert read[0].budget is read[1].budget


@pytest.mark.parametrize(("recorded", "is_shared"), [({"x": 1}, True), ({"x": 1.0}, False), ({"x": True}, False)])
def test_params_are_shared_only_with_the_same_types(recorded: Params, is_shared: bool) -> None:
    result = result_of(0, {"x": 1})
    parts: dict[str, Record] = {"seeds": Seeds(initialisation=1, shuffling=2, dropout=0), "stage": Stage(setting=9)}
    share(result, recorded, **parts)
    assert (result.params is recorded) is is_shared
    assert repr(result.params) == "{'x': 1}"
    assert result.seeds is parts["seeds"]
    assert result.stage == Stage(setting=0)
