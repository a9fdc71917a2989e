"""What every search method is: something that suggests params and is told what became of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hyperspool.common.records import Result
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec


@dataclass(frozen=True)
class Observation:
    """What became of one trial.

    Attributes:
        trial: its number.
        params: what was suggested.
        value: what the objective measured, to be minimised; None if the trial failed.
        diverged: whether training left the numbers; the value is the error of guessing then.
    """

    trial: int
    params: Params
    value: float | None
    diverged: bool = False

    @property
    def number(self) -> float | None:
        """The value if it can be ordered and averaged, else None."""
        return self.value if self.value is not None and math.isfinite(self.value) else None


def observed(spec: StudySpec, result: Result) -> Observation:
    """A result as the study's search method sees it: lower is better."""
    sign = 1.0 if spec.objective.direction == "minimise" else -1.0
    value = None if result.value is None else sign * result.value
    return Observation(result.trial, result.params, value, result.diverged)


class Sampler(Protocol):
    """A search method. Deterministic: the same calls give the same suggestions, which is how a master resumes."""

    def suggest(self, count: int) -> list[Params]:
        """The params of the next trials, at most `count`, in the order of their numbers.

        Fewer where what comes next depends on what becomes of these; none if it depends on trials that are open, or if
        the search is at its end. Once all that was suggested is taken in, there is at least one more until the end.
        """

    def update(self, observations: Sequence[Observation]) -> None:
        """Take in a whole batch, in the order of its trials' numbers."""
