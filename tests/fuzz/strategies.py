"""Hypothesis strategies for records, spaces and studies: valid ones, and any JSON."""

import json
import string
from typing import Any

from hypothesis import HealthCheck, assume, event, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hyperspool.common.attempts import AttemptEvent
from hyperspool.common.epochs import RESERVED_NAMES, EpochRecord
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.records import Attribution, Budget, Job, Result, Seeds, Stage, Status, Times
from hyperspool.common.space import Space

BOUNDED = settings(
    derandomize=True, max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""The same examples on every run. All examples share one folder fixture, which is fine: each overwrites its file."""

TEXTS = st.text(max_size=30).filter(lambda text: text.isprintable() or text.encode(errors="ignore").decode() == text)
NAMES = st.text(string.ascii_letters + string.digits, min_size=1, max_size=20)
PARAMETER_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
WHOLE = st.integers(-(2**53), 2**53)
SCALARS = st.booleans() | WHOLE | NUMBERS | TEXTS
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
WORKERS = NAMES
SEEDS = st.builds(Seeds, **dict.fromkeys(("initialisation", "shuffling", "dropout"), st.integers(0, 2**32 - 1)))
PARAMS = st.dictionaries(PARAMETER_NAMES, SCALARS, max_size=4)
BUDGETS = st.builds(Budget, epochs=st.integers(1, 200_000))
SECONDS = st.floats(0, 1e14)
COUNTS = st.integers(0, 2**31 - 1)
STAGES = st.builds(
    Stage,
    kind=st.sampled_from(["search", "confirmation"]),
    setting=COUNTS,
    replicate=COUNTS,
    round=st.none() | st.integers(1, 2**31 - 1),
    case=st.none() | COUNTS,
)

JOBS = st.builds(
    Job,
    study=NAMES,
    trial=st.integers(0, 999_999),
    issue=st.integers(1, 1_000_000),
    params=PARAMS,
    budget=BUDGETS,
    seeds=SEEDS,
    stage=st.none() | STAGES,
    batch=st.none() | COUNTS,
    published_at=TEXTS,
)
RESULTS = st.builds(
    Result,
    study=NAMES,
    trial=st.integers(0, 999_999),
    issue=st.integers(1, 1_000_000),
    attempt=st.integers(1, 1_000_000),
    status=st.just(Status.COMPLETE),
    value=NUMBERS,
    params=PARAMS,
    budget=BUDGETS,
    seeds=SEEDS,
    epochs=COUNTS,
    stage=st.none() | STAGES,
    batch=st.none() | COUNTS,
    diverged=st.booleans(),
    best_epoch=st.none() | st.integers(1, 1000),
    best_value=st.none() | NUMBERS,
    attribution=st.builds(
        Attribution,
        worker=WORKERS,
        host=TEXTS,
        pid=COUNTS,
        device=TEXTS,
        threads=COUNTS,
        versions=st.dictionaries(TEXTS, TEXTS, max_size=2),
    ),
    times=st.builds(
        Times, published_at=TEXTS, claimed_at=TEXTS, ended_at=TEXTS, evaluation_s=SECONDS, training_s=SECONDS
    ),
)
HEARTBEATS = st.builds(
    WorkerRecord,
    worker=WORKERS,
    host=TEXTS,
    pid=st.integers(1, 2**31 - 1),
    device=TEXTS,
    state=st.sampled_from(["idle", "running"]),
    trial=st.none() | st.integers(0, 999_999),
    epoch=st.none() | COUNTS,
    beat=COUNTS,
    at=TEXTS,
)
EVENTS = st.builds(
    AttemptEvent,
    event=st.sampled_from(["claimed", "released", "lost"]),
    attempt=st.integers(1, 999_998),
    worker=WORKERS,
    host=TEXTS,
    pid=COUNTS,
    at=TEXTS,
    reason=st.none() | TEXTS,
)
METRIC_NAMES = st.sampled_from(["validation_error", "f1", "A", "x_2"]) | PARAMETER_NAMES.filter(
    lambda name: name not in RESERVED_NAMES
)
CURVES = st.lists(
    st.builds(
        EpochRecord,
        epoch=st.integers(1, 2**31 - 1),
        seconds=st.floats(0, 1e8),
        metrics=st.dictionaries(METRIC_NAMES, st.floats(), max_size=3),
    ),
    max_size=5,
    unique_by=lambda record: record.epoch,
).map(lambda records: sorted(records, key=lambda record: record.epoch))


def _range(draw: st.DrawFn, numbers: st.SearchStrategy[Any]) -> dict[str, Any]:
    low, high = sorted((draw(numbers), draw(numbers)))
    return {"low": low, "high": high}


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, Any]:
    """A parameter that lies between two numbers."""
    match draw(st.sampled_from(["float", "log float", "int", "log int"])):
        case "float":
            return {"type": "float", **_range(draw, st.floats(-1e300, 1e300))}
        case "log float":
            return {"type": "float", "log": True, **_range(draw, st.floats(1e-300, 1e300, allow_subnormal=False))}
        case "int":
            return {"type": "int", **_range(draw, WHOLE)}
        case _:
            return {"type": "int", "log": True, **_range(draw, st.integers(1, 2**53))}


@st.composite
def stepped(draw: st.DrawFn) -> dict[str, Any]:
    """A parameter whose values are steps apart."""
    low, step, count = draw(st.integers(-1000, 1000)), draw(st.integers(1, 50)), draw(st.integers(1, 30))
    shape = {"low": low, "high": low + step * count + draw(st.integers(0, step - 1)), "step": step}
    if draw(st.booleans()):
        return {"type": "int", **shape}
    return {"type": "float", **{key: value / 64 for key, value in shape.items()}}


PARAMETERS = ranges() | stepped() | st.lists(SCALARS, min_size=1, max_size=4) | SCALARS


@st.composite
def spaces(draw: st.DrawFn) -> dict[str, Any]:
    """The JSON of a search space, with conditions on earlier parameters. Not all of them can hold."""
    space: dict[str, Any] = {}
    for name in draw(st.lists(PARAMETER_NAMES, min_size=1, max_size=5, unique=True)):
        parameter = draw(PARAMETERS)
        lists = {other: values for other, values in space.items() if isinstance(values, list)}
        if isinstance(parameter, dict) and lists and draw(st.booleans()):
            other = draw(st.sampled_from(sorted(lists)))
            parameter = parameter | {"when": {other: draw(st.sampled_from(lists[other]))}}
        space[name] = parameter
    return space


@st.composite
def studies(draw: st.DrawFn) -> dict[str, Any]:
    """The JSON of a study, mostly a valid one."""
    study = {
        "name": draw(NAMES),
        "title": draw(TEXTS),
        "seed": draw(st.integers(0, 2**32 - 1)),
        "trials": draw(st.integers(1, 40)),
        "replicates": draw(st.integers(1, 3)),
        "batch": draw(st.integers(1, 10)),
        "objective": {"name": "mine", "direction": draw(st.sampled_from(["minimise", "maximise"]))},
        "budget": {"epochs": draw(st.integers(1, 100))},
        "space": draw(spaces()),
    }
    if draw(st.booleans()):
        study["sampler"] = {"name": "grid"}
        del study["trials"]
    return study


def space_of(table: dict[str, Any]) -> Space:
    """The space; rejects the example if the space is not valid."""
    try:
        return Space.model_validate_json(json.dumps(table))
    except ValidationError:
        event("not a valid space")
        assume(condition=False)
        raise
