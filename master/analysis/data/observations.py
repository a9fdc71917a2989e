"""The trials of a data frame as search methods see them."""

import pandas as pd

from hyperspool.master.analysis.data.columns import params_of
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.search.sampler import Observation


def observations(data: StudyData) -> list[Observation]:
    """What became of each trial that has a result, by its number; the value as it was measured."""
    return [
        Observation(
            int(row["trial"]),
            params_of(data.spec, row),
            None if pd.isna(row["value"]) else float(row["value"]),
            bool(row["diverged"]),
        )
        for _, row in data.trials.iterrows()
    ]
