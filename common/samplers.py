"""The sampler in a study: its name and settings. The search methods themselves are in `master/search`."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from hyperspool.common.records import MAX_EPOCHS, Record
from hyperspool.common.space import Categorical, Fixed, Float, Int, Space
from hyperspool.common.validation import shown

STARTUP = 10
"""Random trials before a method learns from them, unless the study says how many."""
POPULATION = 12
"""Trials of each generation of `nsga2` and `nsga3`, unless the study says how many."""
LEAST_POPULATION = 4
"""Of `nsga2` and `nsga3`, which cross two parents; `pbt` has at least two members."""
SAMPLERS: dict[str, dict[str, Any]] = {
    "random": {},
    "grid": {},
    "coarse-to-fine": {"rounds": 3, "keep": 5},
    "qmc": {},
    "tpe": {"startup": STARTUP},
    "gp": {"startup": STARTUP},
    "cmaes": {},
    "nsga2": {"population": POPULATION},
    "nsga3": {"population": POPULATION},
    "pbt": {
        "population": 8,
        "interval": None,
        "exploit": 0.25,
        "factors": (0.8, 1.2),
        "resample": 0.25,
        "perturb": None,
    },
    "auto": {},
}
"""The settings of each sampler, with their defaults. None: it depends on the study, or must be given."""
OF_SEVERAL = ("random", "grid", "qmc", "tpe", "nsga2", "nsga3")
"""The samplers that can search for several objectives at once; the first three do not look at results."""

OF_PRIORS = ("random", "tpe", "gp", "pbt")
"""The samplers that draw from a parameter's prior: all but the first in their random trials."""

_WHAT = {"keep": "rounds", "startup": "random trials at its start", "population": "generations"}
_WHAT |= {"interval": "an interval", **dict.fromkeys(("exploit", "factors", "resample", "perturb"), "copies")}
"""What a sampler has that takes a setting, where it is not called so."""
LEAST_DIMENSIONS = 2
"""Of an evolution strategy: it learns which parameters belong together."""


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

    startup: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """The number of COMPLETE trials, drawn at random, before `tpe` or `gp` learns from them."""
    population: Annotated[int, Field(ge=2, le=10_000)] | None = None
    """The number of trials of each generation of `nsga2`, `nsga3` or `pbt`."""
    interval: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] | None = None
    """The epochs that each generation of `pbt` trains."""
    exploit: Annotated[float, Field(gt=0, le=0.5)] | None = None
    """The share of a generation of `pbt` that copies one of the same share of best members."""
    factors: (
        Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1, max_length=100, strict=False)] | None
    ) = None
    """A copy's number is multiplied by one of these."""
    resample: Annotated[float, Field(ge=0, le=1)] | None = None
    """The probability that a copy's parameter is drawn from the space instead."""
    perturb: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(min_length=1, strict=False)] | None = (
        None
    )
    """The parameters that change in a copy; None: those of a built-in objective that can."""

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        settings = [key for key in type(self).model_fields if key != "name"]
        given = [key for key in settings if getattr(self, key) is not None]
        if wrong := [key for key in given if key not in SAMPLERS[self.name]]:
            takers = [name for name, keys in SAMPLERS.items() if wrong[0] in keys]
            what = _WHAT.get(wrong[0], wrong[0])
            raise ValueError(f"{' and '.join(wrong)}: only the sampler {' or '.join(takers)} has {what}")
        for key, usual in SAMPLERS[self.name].items():
            if getattr(self, key) is None:  # the record is frozen, but nobody has seen it yet
                object.__setattr__(self, key, usual)
        if self.name in {"nsga2", "nsga3"} and (self.population or 0) < LEAST_POPULATION:
            expected = f"expected at least {LEAST_POPULATION} with {self.name}"
            raise ValueError(f"population: found {self.population}, {expected}")
        return self

    def list_problem(self, space: Space) -> str | None:
        """The problem with the space if it has lists that only another sampler draws from; None otherwise."""
        lists = [name for name, parameter in space.items() if isinstance(parameter, Float | Int) and parameter.coarse]
        if self.name == "coarse-to-fine" or not lists:
            return None
        return f"space.{lists[0]}.coarse: only the sampler coarse-to-fine draws from it"

    def space_problem(self, space: Space) -> str | None:
        """Why the sampler cannot search a space; None if it can."""
        if problem := self._prior_problem(space):
            return problem
        if self.name != "cmaes":
            return None
        searched = {name: parameter for name, parameter in space.items() if not isinstance(parameter, Fixed)}
        reasons = [
            f"{name} is {'a list' if isinstance(parameter, Categorical) else 'not active in every trial'}"
            for name, parameter in searched.items()
            if isinstance(parameter, Categorical) or parameter.when
        ]
        if len(searched) < LEAST_DIMENSIONS:
            reasons.append(f"there {'is' if len(searched) == 1 else 'are'} {len(searched)}")
        if not reasons:
            return None
        return (
            "sampler.name: cmaes searches two or more float or int parameters that are active in every trial, and "
            f"{reasons[0]}; tpe searches any space"
        )

    def _prior_problem(self, space: Space) -> str | None:
        priors = [name for name, parameter in space.items() if isinstance(parameter, Float | Int) and parameter.prior]
        if self.name in OF_PRIORS or not priors:
            return None
        *others, last = OF_PRIORS
        return f"space.{priors[0]}.prior: found with {self.name}; expected the sampler {', '.join(others)} or {last}"

    def several_problem(self) -> str | None:
        """Why the sampler cannot search for several objectives at once; None if it can."""
        if self.name in OF_SEVERAL:
            return None
        *others, last = OF_SEVERAL
        return (
            f"sampler.name: {self.name} searches for one objective, and this study has several; expected "
            f"{', '.join(others)} or {last}"
        )

    def length_problem(self, settings: int) -> str | None:
        """Why a search cannot have this number of settings; None if it can."""
        if self.rounds is None or self.keep is None or settings // self.rounds > self.keep:
            return None
        return (
            f"{settings} settings in {self.rounds} rounds are {settings // self.rounds} a round; expected more than "
            f"sampler.keep, which is {self.keep}"
        )
