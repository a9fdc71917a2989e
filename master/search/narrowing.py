"""Narrows a search space to the region of its best trials, for the search from coarse to fine.

Each parameter is narrowed by itself, by its values in the best settings:

- a range: from the lowest to the highest of them, widened on both sides by the mean gap between them, or by a twentieth
  of the range so far if that is more; if the range has steps, outward to the next step;
- a range that was drawn from a list of `coarse` values: from the list's next value below the lowest of them to its next
  value above the highest, or to the range's end if the list has no further value; a 0 in the list of a logarithmic
  scale counts as the range's low end;
- a list of numbers: those from the lowest to the highest of them;
- any other list: those that occur;
- a parameter that fewer than two of the best settings have stays as it is; so does a fixed one.

Gaps and twentieths are measured on the parameter's own scale, which may be logarithmic. A narrowed region never exceeds
the region before. The reason for the mean gap: on average, the extremes of a uniform sample fall short of the ends of
their range by about that much.
"""

import math
from collections.abc import Sequence

from hyperspool.common.space import Categorical, Fixed, Float, Int, Params, Scalar, Space, same_value

Parameter = Float | Int | Categorical | Fixed

LEAST_MARGIN = 1 / 20
"""A share of the range so far. It keeps a range where a few best settings are equal or close by chance."""
LEAST_VALUES = 2
"""A single value has no gap to a neighbour, and the gap decides how far the range is widened."""


def first_region(space: Space) -> Space:
    """Return the region of the first round: the study's space, with `coarse` values as lists."""
    return _region({name: _coarse(parameter) for name, parameter in space.items()})


def narrowed(space: Space, region: Space, best: Sequence[Params]) -> Space:
    """Return the region of the next round.

    Args:
        space: the study's space.
        region: the region of the round before.
        best: the params of the best settings; all of them lie in `region` or in the regions that it came from.
    """
    return _region(
        {
            name: _narrowed(parameter, region.root[name], [params[name] for params in best if name in params])
            for name, parameter in space.items()
        }
    )


def _region(parameters: dict[str, Parameter]) -> Space:
    # Not validated: dropping a value may leave a condition that can never hold, which is an error only in a study file.
    return Space.model_construct(parameters)


def _coarse(parameter: Parameter) -> Parameter:
    if isinstance(parameter, Float | Int) and parameter.coarse:
        return Categorical(type="categorical", choices=parameter.coarse, when=parameter.when)
    return parameter


def _narrowed(parameter: Parameter, current: Parameter, values: Sequence[Scalar]) -> Parameter:
    if len(values) < LEAST_VALUES or isinstance(current, Fixed):
        return current
    if isinstance(current, Float | Int):
        return _narrowed_range(current, [float(value) for value in values])
    if isinstance(parameter, Float | Int):
        return _between_neighbours(parameter, [float(value) for value in values])
    return Categorical(type="categorical", choices=_choices(current.choices, values), when=current.when)


def _narrowed_range(current: Float | Int, values: Sequence[float]) -> Parameter:
    match current:
        case Float(step=None):
            return _float_range(current, values)
        case Float():
            return _stepped_float(current, values)
        case Int(log=True):
            return _log_int(current, values)
        case Int():
            return _linear_int(current, values)


def _choices(choices: Sequence[Scalar], values: Sequence[Scalar]) -> tuple[Scalar, ...]:
    kept = [choice for choice in choices if any(same_value(choice, value) for value in values)]
    numbers = [value for value in kept if not isinstance(value, bool | str)]
    if not numbers or any(isinstance(choice, bool | str) for choice in choices):
        return tuple(kept)
    return tuple(choice for choice in choices if min(numbers) <= float(choice) <= max(numbers))


def _between_neighbours(parameter: Float | Int, values: Sequence[float]) -> Parameter:
    # The list of a logarithmic scale may contain 0, which counts as the range's low end.
    listed = [value for value in parameter.coarse or () if value >= parameter.low]
    lowest, highest = max(min(values), parameter.low), max(*values, parameter.low)
    below = [value for value in listed if value < lowest and not same_value(value, lowest)]
    above = [value for value in listed if value > highest and not same_value(value, highest)]
    low, high = (below or [parameter.low])[-1], (above or [parameter.high])[0]
    return parameter.model_copy(update={"low": low, "high": high, "coarse": None})


def _float_range(current: Float, values: Sequence[float]) -> Float:
    scale, back = (math.log, math.exp) if current.log else (float, float)
    lowest, highest = (max(value, current.low) for value in (min(values), max(values)))
    margin = _margin(scale(lowest), scale(highest), len(values), scale(current.high) - scale(current.low))
    low = max(current.low, min(back(scale(lowest) - margin), lowest))
    high = min(current.high, max(back(scale(highest) + margin), highest))
    return current.model_copy(update={"low": low, "high": high})


def _stepped_float(current: Float, values: Sequence[float]) -> Float:
    step = current.step or 1.0
    first, last = (round((value - current.low) / step) for value in (min(values), max(values)))
    low, high = _stepped(first, last, len(values), current.step_count - 1)
    return current.model_copy(update={"low": current.at_step(low), "high": current.at_step(high)})


def _linear_int(current: Int, values: Sequence[float]) -> Int:
    step = current.step or 1
    first, last = (round((value - current.low) / step) for value in (min(values), max(values)))
    low, high = _stepped(first, last, len(values), (current.high - current.low) // step)
    return current.model_copy(update={"low": current.low + low * step, "high": current.low + high * step})


def _stepped(first: int, last: int, count: int, steps: int) -> tuple[int, int]:
    """Return the first and last step of the narrowed range, out of `steps` steps so far."""
    margin = _margin(first, last, count, steps)
    return max(0, math.floor(first - margin)), min(steps, math.ceil(last + margin))


def _log_int(current: Int, values: Sequence[float]) -> Int:
    lowest, highest = round(min(values)), round(max(values))
    whole = math.log(current.high + 0.5) - math.log(current.low - 0.5)
    margin = _margin(math.log(lowest), math.log(highest), len(values), whole)
    low, high = math.floor(math.exp(math.log(lowest) - margin)), math.ceil(math.exp(math.log(highest) + margin))
    return current.model_copy(update={"low": max(current.low, low), "high": min(current.high, high)})


def _margin(lowest: float, highest: float, count: int, whole: float) -> float:
    return max((highest - lowest) / (count - 1), LEAST_MARGIN * whole)
