"""Searches played through without workers, for tests of what is told about rounds and finalists."""

from collections.abc import Callable

import pandas as pd

from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.columns import params_column
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.search.sampler import Observation


def searched(spec: StudySpec, value_of: Callable[[int, Params], float | None], done: int | None = None) -> StudyData:
    """A study whose trials' values are given, in the study's own direction.

    Args:
        spec: the study.
        value_of: the value of a trial; None if it failed, infinite if it diverged.
        done: trials that have a result; None for all.
    """
    sampler = make_sampler(spec)
    sign = 1.0 if spec.objective.direction == "minimise" else -1.0
    rows: list[dict[str, object]] = []
    while suggested := sampler.suggest(min(spec.batch, spec.all_trials - len(rows))):
        seen: list[Observation] = []
        for params in suggested:
            value = value_of(len(rows), params)
            has_diverged = value == float("inf")
            measured = 1.0 if has_diverged else value
            signed = None if measured is None else sign * measured
            seen.append(Observation(len(rows), params, signed, has_diverged))
            row: dict[str, object] = {params_column(name): own for name, own in params.items()}
            row |= {"trial": len(rows), "status": "FAILED" if value is None else "COMPLETE", "value": measured}
            rows.append(row | {"diverged": has_diverged})
        sampler.update(seen)
    trials = pd.DataFrame(rows[:done]).astype({"value": "float64"})
    return StudyData(spec, trials, pd.DataFrame({"trial": []}))
