"""What every search method is: something that suggests params and is told what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from common.space import Params


@dataclass(frozen=True)
class Observation:
    """What became of one trial.

    Attributes:
        trial: its number.
        params: what was suggested.
        value: what the objective measured, to be minimised; None if the trial failed.
    """

    trial: int
    params: Params
    value: float | None


class Sampler(Protocol):
    """A search method. Deterministic: the same calls give the same suggestions, which is how a master resumes."""

    def suggest(self, count: int) -> list[Params]:
        """The params of the next `count` trials, in the order of their numbers."""

    def update(self, observations: Sequence[Observation]) -> None:
        """Take in a whole batch, in the order of its trials' numbers."""
