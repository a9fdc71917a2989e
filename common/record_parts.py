"""The parts of records that each trial has of its own: seeds, stage and times.

There are many of them, and a plain dataclass with slots takes a fifth of the memory of a model. They are checked when a
record is read; whoever makes one in Python answers for its values.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

Seed = Annotated[int, Field(ge=0, lt=2**32)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Moment = Annotated[str, Field(max_length=40)]
"""The time of an event; see `common.clock`."""
PART = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
"""How a part of a record is read, as for `hyperspool.common.records.Record`."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """The seeds of a trial's randomness, one per source, all derived from the study's seed."""

    __pydantic_config__ = PART

    initialisation: Seed
    shuffling: Seed
    dropout: Seed


@dataclass(frozen=True, slots=True)
class Stage:
    """What a trial is for. Recorded when it is proposed, so it never has to be worked out from the trial's number."""

    __pydantic_config__ = PART

    kind: Literal["search", "confirmation"] = "search"
    """Whether the trial searches, or evaluates a finalist again."""
    setting: Count = 0
    """The number of its setting, from 0: within the search, within its test case's search, or among the finalists."""
    replicate: Count = 0
    """The number of this evaluation of that setting, from 0."""
    round: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    """The round of a search in rounds, from 1."""
    case: Count | None = None
    """The test case of an ablation, from 0, in the order of `hyperspool.common.ablation.cases_of`."""
    request: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,60}$")] | None = None
    """The name of the request that enqueued it; None: the search method proposed it."""

    @property
    def is_search(self) -> bool:
        """Whether the trial belongs to the search, and so may become its incumbent."""
        return self.kind == "search"


@dataclass(frozen=True, slots=True)
class Times:
    """When an attempt's steps happened (ISO 8601, UTC, by the worker's clock) and how long they took in seconds."""

    __pydantic_config__ = PART

    published_at: Moment
    claimed_at: Moment
    ended_at: Moment
    evaluation_s: Annotated[float, Field(ge=0, lt=1e15)]
    """Wall-clock time of this attempt, from claim to end."""
    training_s: Annotated[float, Field(ge=0, lt=1e15)]
    """Sum of the curve's seconds, including the resumed epochs of earlier attempts."""
