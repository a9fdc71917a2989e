"""The records of requests: to pause or stop a study, to end a trial, to evaluate a setting."""

from typing import Literal

from hyperspool.common.records import Label, Moment, Record
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
