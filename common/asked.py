"""The records of what people say to a study: to pause or stop it, to end a trial, to evaluate a setting; notes."""

from typing import Annotated, Literal

from pydantic import Field

from hyperspool.common.records import Label, Moment, Record, TrialNumber
from hyperspool.common.space import BoundedParams


class Wish(Record):
    """What somebody wants of a running study; the file's name says what."""

    schema_version: Literal[1] = 1
    host: Label
    """From where."""
    at: Moment


class StopRequest(Record):
    """A stop file: it asks the worker that evaluates an issue to end it, with the reason for people."""

    schema_version: Literal[1] = 1
    reason: Label
    at: Moment


class EnqueuedSetting(Record):
    """Params that somebody wants to be evaluated."""

    schema_version: Literal[1] = 1
    params: BoundedParams
    at: Moment


MAX_NOTE = 4000
"""Characters of a note."""


class Note(Record):
    """What somebody noted of a study, or of one of its trials."""

    schema_version: Literal[1] = 1
    text: Annotated[str, Field(min_length=1, max_length=MAX_NOTE)]
    trial: TrialNumber | None = None
    """None: it is of the whole study."""
    host: Label
    """From where."""
    at: Moment
