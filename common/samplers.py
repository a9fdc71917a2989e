"""What a study may say of its sampler. The search methods themselves are the master's (`master/search`)."""

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
"""By name: the settings that a sampler takes, each with its default."""


def _known(name: str) -> str:
    if name not in SAMPLERS:
        *others, last = map(repr, SAMPLERS)
        raise ValueError(f"found {shown(name)}, expected {', '.join(others)} or {last}")
    return name


class SamplerSpec(Record):
    """How params are proposed."""

    name: Annotated[str, AfterValidator(_known)] = "random"
    rounds: Annotated[int, Field(ge=2, le=100)] | None = None
    """How many rounds a search from coarse to fine has."""
    keep: Annotated[int, Field(ge=2, le=10_000)] | None = None
    """How many of the best settings so far decide where its next round draws."""

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        settings = [key for key in type(self).model_fields if key != "name"]
        given = [key for key in settings if getattr(self, key) is not None]
        if wrong := [key for key in given if key not in SAMPLERS[self.name]]:
            takers = [name for name, keys in SAMPLERS.items() if wrong[0] in keys]
            raise ValueError(f"{' and '.join(wrong)}: only the sampler {' or '.join(takers)} has rounds")
        for key, usual in SAMPLERS[self.name].items():
            # Frozen for everyone else: what the study leaves out is filled in before anyone sees it.
            object.__setattr__(self, key, getattr(self, key) or usual)
        return self

    def list_problem(self, space: Space) -> str | None:
        """What in the space only another sampler draws from, or None."""
        lists = [name for name, parameter in space.items() if isinstance(parameter, Float | Int) and parameter.coarse]
        if self.name == "coarse-to-fine" or not lists:
            return None
        return f"space.{lists[0]}.coarse: only the sampler coarse-to-fine draws from it"

    def length_problem(self, settings: int) -> str | None:
        """What keeps a search from having so many settings, or None."""
        if self.rounds is None or self.keep is None or settings // self.rounds > self.keep:
            return None
        return (
            f"{settings} settings in {self.rounds} rounds are {settings // self.rounds} a round; expected more than "
            f"sampler.keep, which is {self.keep}"
        )
