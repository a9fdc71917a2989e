"""Turns a W&B sweep's parameters into parameters of a study, and says what could not be carried over.

Source: the sweep configuration's reference, docs.wandb.ai/models/sweeps/sweep-config-keys. `log_uniform` takes the
natural logarithms of its bounds, `log_uniform_values` the bounds themselves.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from hyperspool.common.parameters import MAX_LISTED, MAX_MAGNITUDE, MAX_TEXT
from hyperspool.common.space import Categorical, Fixed, Float, Int
from hyperspool.common.validation import shown
from hyperspool.common.values import Scalar
from hyperspool.master.init.draft import Parameter

_SIGMAS = 2.0
"""A normal distribution becomes a range of this many standard deviations to both sides: 95 % of its draws lie there."""
_LARGEST_EXPONENT = 700.0


@dataclass(frozen=True)
class Carried:
    """A parameter of a sweep as a study has it.

    Args:
        parameter: the parameter; None: it could not be carried over.
        note: what is not as it was, or why it could not be carried over; empty: all is as it was.
    """

    parameter: Parameter | None
    note: str = ""


class _ParameterError(ValueError):
    """A parameter that is not as W&B's reference describes it."""


def carried(given: Any) -> Carried:
    """Carry over one entry of a sweep's `parameters`."""
    if not isinstance(given, dict):
        return Carried(None, f"found {shown(given)}, expected value, values, or min and max")
    if "parameters" in given:
        return Carried(
            None, "nested parameters: give the program an option for each, and name it in [space] and command"
        )
    try:
        kind = _distribution(given)
        if kind not in _KINDS:
            return Carried(None, f"the distribution {shown(kind)} is not known")
        return _KINDS[kind](given)
    except (_ParameterError, OverflowError) as error:
        return Carried(None, str(error))
    except ValidationError as error:
        return Carried(None, error.errors()[0]["msg"].removeprefix("Value error, "))


def _distribution(given: dict[str, Any]) -> str:
    """The distribution, by W&B's rules where the sweep does not name it."""
    if "distribution" in given:
        return str(given["distribution"])
    if "value" in given:
        return "constant"
    if "values" in given:
        return "categorical"
    if "min" in given and "max" in given:
        whole = all(isinstance(given[key], int) and not isinstance(given[key], bool) for key in ("min", "max"))
        return "int_uniform" if whole else "uniform"
    raise _ParameterError("expected value, values, or min and max")


def _constant(given: dict[str, Any]) -> Carried:
    if "value" not in given:
        raise _ParameterError("constant: value is missing")
    return Carried(Fixed(type="fixed", value=_scalar(given["value"])))


def _categorical(given: dict[str, Any]) -> Carried:
    listed = given.get("values")
    if not isinstance(listed, list) or not listed:
        raise _ParameterError(f"values: found {shown(listed)}, expected a list")
    if len(listed) > MAX_LISTED:
        raise _ParameterError(f"values: found {len(listed)}, expected at most {MAX_LISTED}")
    values = [_scalar(value) for value in listed]
    # YAML 1.1 reads 1e-3 as a text; among numbers it is one.
    numbers = [_as_number(value) for value in values]
    if all(number is not None for number in numbers):
        values = [number for number in numbers if number is not None]
    different = {(isinstance(value, bool), value): value for value in values}
    note = "each value is equally likely: the probabilities are dropped" if "probabilities" in given else ""
    return Carried(Categorical(type="categorical", choices=tuple(different.values())), note)


def _int_uniform(given: dict[str, Any]) -> Carried:
    low, high = _bounds(given)
    return _whole(low, high)


def _uniform(given: dict[str, Any]) -> Carried:
    return Carried(_range(*_bounds(given)))


def _q_uniform(given: dict[str, Any]) -> Carried:
    low, high = _bounds(given)
    q = _number(given, "q", 1.0)
    if q <= 0:
        raise _ParameterError(f"q: found {q:g}, expected a number above 0")
    low, high = (_rounded(round(bound / q) * q, digits=12) for bound in (low, high))
    if low == high:
        return Carried(Fixed(type="fixed", value=low))
    if all(bound == int(bound) for bound in (low, high, q)):
        return Carried(Int(type="int", low=int(low), high=int(high), step=int(q) if q > 1 else None))
    return Carried(Float(type="float", low=low, high=high, step=q))


def _logarithmic(*, is_of_values: bool, is_inverse: bool = False, is_stepped: bool = False) -> Callable[[Any], Carried]:
    def carry(given: dict[str, Any]) -> Carried:
        low, high = _bounds(given)
        note = ""
        if not is_of_values:
            if low > 0 and high < 1:
                note = (
                    f"log_uniform takes exponents of e: {low:g} to {high:g} may have been meant as log_uniform_values"
                )
            low, high = (-high, -low) if is_inverse else (low, high)
            if max(abs(low), abs(high)) > _LARGEST_EXPONENT:
                raise _ParameterError(f"its bounds are exponents of e, and {max(abs(low), abs(high)):g} is too large")
            low, high = _rounded(math.exp(low)), _rounded(math.exp(high))
        if low <= 0:
            raise _ParameterError(f"min: found {low:g}; a logarithmic scale begins above 0")
        q = _number(given, "q", 1.0) if is_stepped else 0.0
        if q == 1 and round(low) >= 1:
            return _whole(round(low), round(high), is_log=True)
        return Carried(_range(low, high, is_log=True), note or (f"not rounded to multiples of {q:g}" if q else ""))

    return carry


def _normal(*, is_log: bool) -> Callable[[Any], Carried]:
    def carry(given: dict[str, Any]) -> Carried:
        mu, sigma = _number(given, "mu", 0.0), _number(given, "sigma", 1.0)
        low, high = mu - _SIGMAS * sigma, mu + _SIGMAS * sigma
        if is_log:
            if max(abs(low), abs(high)) > _LARGEST_EXPONENT:
                raise _ParameterError(f"its bounds are exponents of e, and {max(abs(low), abs(high)):g} is too large")
            low, high = _rounded(math.exp(low)), _rounded(math.exp(high))
        note = f"{given['distribution']} became a range of two standard deviations to both sides, evenly drawn"
        return Carried(_range(low, high, is_log=is_log), note)

    return carry


def _beta(given: dict[str, Any]) -> Carried:  # noqa: ARG001 - as for every distribution
    return Carried(Float(type="float", low=0.0, high=1.0), "beta became the range from 0 to 1, evenly drawn")


_KINDS: dict[str, Callable[[Any], Carried]] = {
    "constant": _constant,
    "categorical": _categorical,
    "categorical_w_probabilities": _categorical,
    "int_uniform": _int_uniform,
    "uniform": _uniform,
    "q_uniform": _q_uniform,
    "log_uniform": _logarithmic(is_of_values=False),
    "log_uniform_values": _logarithmic(is_of_values=True),
    "q_log_uniform": _logarithmic(is_of_values=False, is_stepped=True),
    "q_log_uniform_values": _logarithmic(is_of_values=True, is_stepped=True),
    "inv_log_uniform": _logarithmic(is_of_values=False, is_inverse=True),
    "inv_log_uniform_values": _logarithmic(is_of_values=True, is_inverse=True),
    "normal": _normal(is_log=False),
    "q_normal": _normal(is_log=False),
    "log_normal": _normal(is_log=True),
    "q_log_normal": _normal(is_log=True),
    "beta": _beta,
    "q_beta": _beta,
}


def _scalar(value: Any) -> Scalar:
    """A value of a sweep; W&B writes None and dates as Python does."""
    if isinstance(value, list | dict):
        raise _ParameterError(f"found {shown(value)}: a value is a number, a text, or true or false")
    known = value if isinstance(value, Scalar) else str(value)
    is_long = isinstance(known, str) and len(known) > MAX_TEXT
    is_large = isinstance(known, int | float) and not abs(known) <= (
        MAX_MAGNITUDE if isinstance(known, int) else math.inf
    )
    if is_long or is_large or known in {math.inf, -math.inf}:
        raise _ParameterError(f"{shown(value)} is too large for a parameter's value")
    return known


def _is_finite(value: Scalar) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _as_number(value: Scalar) -> int | float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _number(given: dict[str, Any], key: str, default: float | None = None) -> float:
    value = given.get(key, default)
    number = _as_number(value) if isinstance(value, Scalar) else None
    if number is None:
        raise _ParameterError(f"{key}: found {shown(value)}, expected a number")
    return float(number)


def _bounds(given: dict[str, Any]) -> tuple[float, float]:
    return _number(given, "min"), _number(given, "max")


def _range(low: float, high: float, *, is_log: bool = False) -> Parameter:
    if low == high:
        return Fixed(type="fixed", value=low)
    return Float(type="float", low=low, high=high, log=is_log)


def _whole(low: float, high: float, *, is_log: bool = False) -> Carried:
    if low == high:
        return Carried(Fixed(type="fixed", value=int(low)))
    return Carried(Int(type="int", low=math.ceil(low), high=math.floor(high), log=is_log))


def _rounded(value: float, digits: int = 6) -> float:
    """The value with the digits that the sweep's author wrote: e^-9.21034 is 0.0001."""
    return float(f"{value:.{digits}g}")
