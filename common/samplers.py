"""The sampler in a study: its name and settings. The search methods themselves are in `master/search`."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from hyperspool.common.records import Record
from hyperspool.common.space import Float, Int, Space
from hyperspool.common.validation import shown

SAMPLERS: dict[str, dict[str, int]] = {
    "random": {},
    "grid": {},
    "coarse-to-fine": {"rounds": 3, "keep": 5},
}
"""The settings of each sampler, with their defaults."""


def _known(name: str) -> str:
    if name not in SAMPLERS:
        *others, last = map(repr, SAMPLERS)
        raise ValueError(f"found {shown(name)}, expected {', '.join(others)} or {last}")
    return name


class SamplerSpec(Record):
    """How params are proposed."""

    name: Annotated[str, AfterValidator(_known)] = "random"
    rounds: Annotated[int, Field(ge=2, le=100)] | None = None
    """The number of rounds of a search from coarse to fine."""
    keep: Annotated[int, Field(ge=2, le=10_000)] | None = None
    """The number of best settings so far that decide where the next round draws."""

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        settings = [key for key in type(self).model_fields if key != "name"]
        given = [key for key in settings if getattr(self, key) is not None]
        if wrong := [key for key in given if key not in SAMPLERS[self.name]]:
            takers = [name for name, keys in SAMPLERS.items() if wrong[0] in keys]
            raise ValueError(f"{' and '.join(wrong)}: only the sampler {' or '.join(takers)} has rounds")
        for key, usual in SAMPLERS[self.name].items():
            # Fills in what the study leaves out. The record is frozen, but nobody has seen it yet.
            object.__setattr__(self, key, getattr(self, key) or usual)
        return self

    def list_problem(self, space: Space) -> str | None:
        """The problem with the space if it has lists that only another sampler draws from; None otherwise."""
        lists = [name for name, parameter in space.items() if isinstance(parameter, Float | Int) and parameter.coarse]
        if self.name == "coarse-to-fine" or not lists:
            return None
        return f"space.{lists[0]}.coarse: only the sampler coarse-to-fine draws from it"

    def length_problem(self, settings: int) -> str | None:
        """Why a search cannot have this number of settings; None if it can."""
        if self.rounds is None or self.keep is None or settings // self.rounds > self.keep:
            return None
        return (
            f"{settings} settings in {self.rounds} rounds are {settings // self.rounds} a round; expected more than "
            f"sampler.keep, which is {self.keep}"
        )
