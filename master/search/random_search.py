"""Random search: all trials are independent.

Source: Bergstra and Bengio 2012, Random Search for Hyper-Parameter Optimization, JMLR 13.
"""

from statistics import NormalDist

from hyperspool.common.prior import CONFIDENCES, Prior
from hyperspool.common.records import Stage
from hyperspool.common.space import Float, Int, Parameter, Params, Scalar, Space
from hyperspool.master.search.counter_random import unit_number
from hyperspool.master.search.known import Known, Proposal

BELOW_ONE = 1 - 2**-53


class RandomSearch:
    """Draws each parameter of each trial independently: uniformly on its scale, or by its prior. It never ends.

    Args:
        space: the space to draw from.
        seed: the study's seed.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._seed = space, seed

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next `count` trials."""
        trials = range(known.next_trial, known.next_trial + count)
        return [Proposal(trial, draw(self._space, self._seed, trial), Stage(setting=trial)) for trial in trials]


def draw(space: Space, seed: int, trial: int) -> Params:
    """Return the params of one trial."""
    return space.filled(lambda name: drawn_value(space.root[name], seed, name, trial))


def has_prior(space: Space) -> bool:
    """Return whether any parameter of a space has a prior."""
    return any(isinstance(parameter, Float | Int) and parameter.prior for _, parameter in space.items())


def drawn_value(parameter: Parameter, seed: int, name: str, trial: int) -> Scalar:
    """Return the value of one parameter in one trial, as if it were active there."""
    unit = unit_number(seed, name, trial)
    if isinstance(parameter, Float | Int) and parameter.prior:
        unit = quantile(parameter.prior, unit, parameter.to_unit(parameter.prior.center))
    return parameter.from_unit(unit)


def quantile(prior: Prior, unit: float, middle: float) -> float:
    """Return a quantile of a prior: of a normal distribution of which only the part in [0, 1] counts.

    Args:
        prior: says how wide it is.
        unit: the probability, in [0, 1).
        middle: the place of the center in [0, 1].

    Returns:
        A place in [0, 1).
    """
    normal = NormalDist(middle, CONFIDENCES[prior.confidence])
    first, last = normal.cdf(0.0), normal.cdf(1.0)
    # The middle lies in the range, so both ends are at most eight deviations away, and `first` is above 0.
    found = normal.inv_cdf(min(first + unit * (last - first), BELOW_ONE))
    return min(max(found, 0.0), BELOW_ONE)
