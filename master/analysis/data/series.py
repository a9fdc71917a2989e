"""Columns of a data frame with a type that does not depend on how many values there are."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

TIMESTAMP: Final = "datetime64[ms, UTC]"


def series(values: Sequence[Any], dtype: str) -> "pd.Series[Any]":
    """A column of that type, also of no values."""
    if dtype == TIMESTAMP:
        # What is no time of day by anyone's clock is NaT: times are for people, nothing depends on them.
        texts = pd.Series(values, dtype=object)
        return pd.Series(pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce"), dtype=TIMESTAMP)
    return pd.Series(values, dtype=dtype)
