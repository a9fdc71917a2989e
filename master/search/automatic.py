"""What the sampler `auto` stands for: the method that learns fastest from as many settings as the study has."""

from hyperspool.common.space import Categorical, Fixed, Space

MANY_SETTINGS = 200
"""A Gaussian process of so many settings takes seconds for a proposal."""
MANY_PARAMETERS = 20
LEARNING = 15
"""Fewer settings than this leave nothing to learn from: the first ten are random in any method that learns."""


def choice_for(space: Space, settings: int) -> str:
    """Return the name of the method for a space and a number of settings.

    Few settings: `qmc`, which spreads them evenly. Up to `MANY_SETTINGS`, if every parameter is a number and active in
    every trial: `gp`. Else `tpe`, which takes any space and any number.
    """
    searched = [parameter for _, parameter in space.items() if not isinstance(parameter, Fixed)]
    if settings < LEARNING:
        return "qmc"
    is_plain = all(not isinstance(one, Categorical) and not one.when for one in searched)
    return "gp" if is_plain and settings <= MANY_SETTINGS and len(searched) <= MANY_PARAMETERS else "tpe"
