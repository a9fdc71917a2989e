"""Rules in a study that end it before its last trial, and the record of its time."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from hyperspool.common.names import MAX_TRIALS
from hyperspool.common.records import Moment, Record


class StopRules(Record):
    """When a study ends before its last trial: as soon as one of these rules holds. None: there is no such rule."""

    wall_clock_s: Annotated[float, Field(gt=0)] | None = None
    """Seconds since the study began, with all pauses; see `StudyClock`."""
    no_improvement: Annotated[int, Field(ge=1, le=MAX_TRIALS)] | None = None
    """The number of finished trials after the incumbent, in the order of their numbers, none of which is better."""
    target: float | None = None
    """The value that is good enough."""
    expected_improvement: Annotated[float, Field(gt=0)] | None = None
    """In units of the value: it is enough once the next batch of random trials is expected to gain less than this."""

    def problem(self, method: str, *, is_confirmed: bool, is_several: bool) -> str | None:
        """Why a study cannot have these rules; None if it can.

        Args:
            method: the name of the study's sampler, or `halving`.
            is_confirmed: whether trials that confirm settings follow its search, as in an ablation.
            is_several: whether the study has several objectives.
        """
        of_value = ("no_improvement", "target", "expected_improvement")
        given = [key for key in of_value if getattr(self, key) is not None]
        if is_several and given:
            return f"stop.{given[0]}: a study of several objectives has no single best trial; it can have wall_clock_s"
        if is_confirmed:
            return "stop: not together with confirm or an ablation, whose last trials follow a search of known length"
        if self.expected_improvement is not None and method != "random":
            return (
                f"stop.expected_improvement: it is computed from trials that are independent, and those of {method} "
                "are not; expected the sampler random, or another rule: no_improvement or target"
            )
        return None


def _none_without_a_rule(rules: StopRules | None) -> StopRules | None:
    return None if rules == StopRules() else rules


Stop = Annotated[StopRules | None, AfterValidator(_none_without_a_rule)]
"""A study's table `stop`. One whose last rule is removed is no table."""


def _zoned(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(f"found {text!r}, expected a time with its zone")
    return text


class StudyClock(Record):
    """When a study began, for the rule `wall_clock_s`, and whether its time has run out. Only its master writes it.

    A study began when its first batch was recorded; one that has none yet begins when its master first asks.
    """

    schema_version: Literal[1] = 1
    began_at: Annotated[Moment, AfterValidator(_zoned)]
    """By the clock of the file server; the first batch of an older journal is dated by its master's host."""
    out_after_s: Annotated[float, Field(ge=0)] | None = None
    """How long after that a master last found that the time had run out; None: it has not."""

    def has_run_out(self, wall_clock_s: float) -> bool:
        """Whether a master has found that this time is over."""
        return self.out_after_s is not None and self.out_after_s >= wall_clock_s
