"""Earlier results: what a study learns from beside its own trials, as `run --from` took it from others."""

from typing import Annotated, Literal

from pydantic import Field

from hyperspool.common.records import Label, Moment, Record
from hyperspool.common.space import BoundedParams

MAX_EARLIER = 5000
"""A method that learns takes seconds for each proposal from more."""


class EarlierResult(Record):
    """A value that was measured elsewhere."""

    params: BoundedParams
    """In the study's space."""
    value: float


class EarlierResults(Record):
    """The earlier results of a study. The master writes them once, before it proposes the first trial.

    They are not trials of the study: no count, no incumbent and no report has them.
    """

    schema_version: Literal[1] = 1
    sources: Annotated[tuple[Label, ...], Field(min_length=1, max_length=100, strict=False)]
    """Where they come from: names of studies and of files."""
    at: Moment
    results: Annotated[tuple[EarlierResult, ...], Field(min_length=1, max_length=MAX_EARLIER, strict=False)]
