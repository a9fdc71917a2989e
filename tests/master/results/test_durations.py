import math
import random
from collections.abc import Callable

from hyperspool.common.records import Failure, FailureKind, Result, Status
from hyperspool.common.space import Params, Space
from hyperspool.master.results.durations import LEAST, Durations
from hyperspool.master.search.random_search import draw
from tests.common.test_report import result_of_job
from tests.conftest import job_of

SPACE = Space.model_validate(
    {
        "filters": {"type": "int", "low": 10, "high": 100},
        "rate": {"type": "float", "low": 1e-3, "high": 1.0, "log": True},
        "kind": {"type": "categorical", "choices": ["small", "large", True]},
        "depth": {"type": "int", "low": 1, "high": 4, "when": {"kind": ["large"]}},
        "fixed": {"type": "fixed", "value": 3},
    }
)


def seconds_of(params: Params) -> float:
    """Seconds per epoch, to which every kind of parameter but the rate contributes."""
    depth = params.get("depth", 1)
    assert isinstance(depth, int)
    assert isinstance(params["filters"], int)
    return 0.1 * 2 ** (params["filters"] / 50) * {"small": 1.0, "large": 3.0, True: 0.5}[params["kind"]] * 1.5**depth


def measured(count: int, seconds: Callable[[Params], float]) -> Durations:
    durations = Durations(SPACE)
    for trial in range(count):
        params = draw(SPACE, 0, trial)
        durations.add(result_of_job(job_of(trial, params=params), training_s=seconds(params), epochs=1))
    return durations


def ranks(numbers: list[float]) -> list[int]:
    return sorted(range(len(numbers)), key=numbers.__getitem__)


def test_evaluations_of_unknown_params_are_ranked_by_their_length() -> None:
    unknown = [draw(SPACE, 1, trial) for trial in range(50)]
    found = measured(60, seconds_of).predicted(unknown)
    assert found
    for params, seconds in zip(unknown, found, strict=True):
        assert math.isclose(seconds, seconds_of(params), rel_tol=0.2)


def test_nothing_is_predicted_of_noise_of_equals_and_of_few() -> None:
    noise = random.Random(0)
    unknown = [draw(SPACE, 1, trial) for trial in range(5)]
    assert measured(60, lambda _params: noise.uniform(1, 2)).predicted(unknown) is None
    assert measured(60, lambda _params: 2.0).predicted(unknown) is None
    assert measured(LEAST - 1, seconds_of).predicted(unknown) is None
    assert measured(LEAST + 3, seconds_of).predicted(unknown)


def test_time_counts_per_epoch_and_not_of_failed_trials() -> None:
    def result(trial: int, epochs: int) -> Result:
        params = draw(SPACE, 0, trial)
        return result_of_job(job_of(trial, params=params), training_s=seconds_of(params) * epochs, epochs=epochs)

    durations = Durations(SPACE)
    for trial in range(60):
        durations.add(result(trial, 1 + trial % 7))
    failure = Failure(kind=FailureKind.EXCEPTION, message="early")
    durations.add(result(60, 9).model_copy(update={"status": Status.FAILED, "value": None, "failure": failure}))
    assert durations.count == 60
    params = draw(SPACE, 1, 0)
    found = durations.predicted([params])
    assert found
    assert math.isclose(found[0], seconds_of(params), rel_tol=0.2)
