"""Studies of any space, for tests of what must hold whatever a study looks like."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData
from tests.master.analysis.searched import searched

LONG = "a_name_of_a_parameter_as_long_as_a_sentence_that_has_not_ended"
NAMES = ["learning_rate", "x", "X", LONG, "kind", "deep", "batch_size"]
CHOICES: list[list[Any]] = [
    ["a", "b"],
    ["only"],
    [1, "a", True, 0.5],
    [False, True],
    [0.1],
    [1, 2, 3, 5, 8],
    [1e-12, 1.0, 1e12],
    ["$x$", "<b>", "a choice that is as long as a sentence and has not ended yet"],
]
RANGES: list[dict[str, Any]] = [
    {"type": "float", "low": 0.0, "high": 1.0},
    {"type": "float", "low": 1e-9, "high": 1e9, "log": True},
    {"type": "float", "low": -5.0, "high": -5.0},
    {"type": "int", "low": 1, "high": 3},
    {"type": "int", "low": 1, "high": 10**6, "log": True},
    {"type": "float", "low": 0.0, "high": 1.0, "step": 0.25},
]
REPORTED = ["validation_error", "score"]
VALUES = st.one_of(
    st.floats(0, 1),
    st.sampled_from([0.0, 0.5, -1.0, 1e300, -1e300, 1e-300, 1e16, 1e16 + 2, math.inf, None]),
)


@st.composite
def spaces(draw: st.DrawFn) -> dict[str, Any]:
    """One to five parameters; a later one may be active only for some choice of an earlier one, which may be too."""
    space: dict[str, Any] = {}
    listed: dict[str, list[Any]] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True)):
        choices = draw(st.sampled_from([None, *CHOICES]))
        own = {"type": "categorical", "choices": choices} if choices else dict(draw(st.sampled_from(RANGES)))
        is_gated: bool = draw(st.booleans())
        if listed and is_gated:
            gate = draw(st.sampled_from(sorted(listed)))
            own["when"] = {gate: [draw(st.sampled_from(listed[gate]))]}
        if choices:
            listed[name] = choices
        space[name] = own
    return space


@st.composite
def studies(draw: st.DrawFn) -> StudyData:
    """A study of such a space, of which any number of trials has any value, with curves or without."""
    space, trials = draw(spaces()), draw(st.integers(1, 30))
    spec = StudySpec.model_validate(
        {
            "name": "generated",
            "trials": trials,
            "batch": draw(st.integers(1, 9)),
            "objective": {"name": "mine", "direction": draw(st.sampled_from(["minimise", "maximise"]))},
            "budget": {"epochs": 3},
            "space": space,
        }
    )
    pattern = draw(st.lists(VALUES, min_size=1, max_size=trials))

    def value_of(trial: int, _: Params) -> float | None:
        return pattern[trial % len(pattern)]

    data = searched(spec, value_of, draw(st.integers(0, trials)))
    seconds = draw(st.lists(st.sampled_from([0.0, 1e-6, 0.01, 1.0, 1e5]), min_size=1, max_size=5))
    timed = data.trials.assign(evaluation_s=[seconds[trial % len(seconds)] for trial in data.trials["trial"]])
    return _reporting(replace(data, trials=timed), draw(st.integers(0, 3)), draw(st.sampled_from(REPORTED)), seconds)


def _reporting(data: StudyData, epochs: int, metric: str, seconds: Sequence[float]) -> StudyData:
    """The same trials with curves: every second trial has one."""
    rows = [
        {
            **trial[["trial", "rung", "setting", "replicate"]],
            "epoch": epoch,
            "seconds": seconds[epoch % len(seconds)],
            "elapsed_s": epoch * sum(seconds),
            metric: trial["value"] * epoch,
        }
        for _, trial in data.trials[::2].iterrows()
        for epoch in range(1, epochs + 1)
    ]
    if not rows:
        return data
    curves = pd.DataFrame(rows)
    counts = data.trials["trial"].map(curves.groupby("trial").size()).fillna(0).astype("int64")
    return replace(data, trials=data.trials.assign(epochs=counts), curves=curves)
