"""Defaults: a search begins with the point that its author takes for good."""

from dataclasses import replace

from hyperspool.common.space import Fixed, Parameter, Params, Scalar, Space
from hyperspool.master.search.known import Known, Proposal
from hyperspool.master.search.random_search import drawn_value
from hyperspool.master.search.sampler import Sampler


class Defaulted:
    """Suggests the point of all defaults first, then what another search method suggests once it is proposed.

    The other method's own first trial is left out; all others keep their numbers.

    Args:
        inner: the search method.
        space: has at least one default. A parameter without one gets its value of random search.
        seed: the study's seed.
    """

    def __init__(self, inner: Sampler, space: Space, seed: int) -> None:
        self._inner, self._space, self._seed = inner, space, seed

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next trials."""
        if known.next_trial:
            return self._inner.suggest(count, known)
        first = [replace(own, params=self._point()) for own in self._inner.suggest(1, known)]
        return first + (self._inner.suggest(count - 1, Known(pending=first)) if count > 1 else [])

    def _point(self) -> Params:
        parameters = self._space.root

        def value_of(name: str) -> Scalar:
            default = default_of(parameters[name])
            return drawn_value(parameters[name], self._seed, name, 0) if default is None else default

        return self._space.filled(value_of)


def default_of(parameter: Parameter) -> Scalar | None:
    """Return a parameter's default; None if it has none, or is fixed."""
    return None if isinstance(parameter, Fixed) else parameter.default


def has_default(space: Space) -> bool:
    """Return whether any parameter of a space has a default."""
    return any(default_of(parameter) is not None for _, parameter in space.items())
