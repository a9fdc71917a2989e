"""Proposes a range for an option: by its choices, its name or its default, in this order.

A default is a point that its author found good, so a range goes around it: by factors where only the order of magnitude
matters, by differences where the value is a share.
"""

import math

from pydantic import ValidationError

from hyperspool.common.parameters import MAX_MAGNITUDE
from hyperspool.common.space import Categorical, Float, Int
from hyperspool.master.init.draft import Parameter
from hyperspool.master.init.option import Form, Kind, Option

_LOGARITHMIC = (
    {"lr"}, {"learning", "rate"}, {"eta"}, {"weight", "decay"}, {"wd"}, {"l1"}, {"l2"}, {"reg"}, {"regularization"},
    {"regularisation"}, {"lambda"}, {"eps"}, {"epsilon"}, {"tol"}, {"c"}, {"temperature"}, {"penalty"},
)  # fmt: skip
"""Words of names whose values differ by factors."""
_LEARNING_RATE = ({"lr"}, {"learning", "rate"})
_PENALTY = ({"weight", "decay"}, {"wd"}, {"l1"}, {"l2"}, {"reg"}, {"regularization"}, {"regularisation"}, {"lambda"})
_SHARES: tuple[tuple[set[str], float, float], ...] = (
    ({"dropout"}, 0.0, 0.5),
    ({"smoothing"}, 0.0, 0.2),
    ({"momentum"}, 0.0, 0.99),
    ({"mixup"}, 0.0, 0.5),
)
"""Words of names whose values lie between 0 and 1, with a usual range."""
_FACTOR = 10
_INT_FACTOR = 4
_FEW = 8
"""Below it a whole number counts layers or heads, and is searched one by one; from it on, by factors."""
_SMALL = 0.1
_NEARLY_ONE = 0.9
_REACH = 0.4


def proposed(option: Option) -> Parameter | None:
    """The range to search an option in; None if nothing says where to begin, or no parameter may have such values."""
    try:
        if option.form in {Form.FLAG_ON, Form.FLAG_OFF, Form.TOGGLE} or option.kind is Kind.BOOL:
            return Categorical(type="categorical", choices=(False, True))
        if option.choices:
            return Categorical(type="categorical", choices=option.choices) if len(option.choices) > 1 else None
        if option.kind is Kind.FLOAT:
            return _float(option)
        return _int(option) if option.kind is Kind.INT else None
    except ValidationError:  # texts of thousands of characters, numbers beyond all bounds
        return None


def _has(option: Option, sets: tuple[set[str], ...]) -> bool:
    return any(words <= set(option.words) for words in sets)


def _float(option: Option) -> Float | None:
    default = float(option.default or 0.0) if isinstance(option.default, float | None) else math.nan
    if usual := _usual(option, default):
        return _bounded(option, *usual)
    if not 0 < default < math.inf:
        return None
    if _has(option, _LOGARITHMIC) or not _SMALL < default < 1:
        return _bounded(option, default / _FACTOR, default * _FACTOR, is_log=True)
    if default >= _NEARLY_ONE:
        # 0.9 is searched from 0 to 0.99, and 0.999 from 0.99 to 0.9999: the distance to 1 is what matters.
        return _bounded(option, 1 - _FACTOR * (1 - default), 1 - (1 - default) / _FACTOR)
    return _bounded(option, max(default - _REACH, 0.0), min(default + _REACH, 1.0))


def _usual(option: Option, default: float) -> tuple[float, float, bool] | None:
    """The range that is usual for a name, and whether its scale is logarithmic; None if the default decides."""
    for words, low, high in _SHARES:
        if words <= set(option.words) and low <= default <= high:
            return low, high, False
    if default == 0 and _has(option, _LEARNING_RATE):
        return 1e-4, 1e-1, True
    # A penalty's default is 0 as a rule, which says nothing of its order of magnitude.
    return (1e-6, 1e-2, True) if default == 0 and _has(option, _PENALTY) else None


def _bounded(option: Option, low: float, high: float, is_log: bool = False) -> Float | None:  # noqa: FBT001, FBT002
    """A range within what the program accepts; None if nothing is left of it."""
    low, high = _rounded(low), _rounded(high)
    low = low if option.low is None else max(low, option.low)
    high = high if option.high is None else min(high, option.high)
    is_possible = low < high and (low > 0 or not is_log)
    return Float(type="float", low=low, high=high, log=is_log) if is_possible else None


def _int(option: Option) -> Int | None:
    default = option.default
    if isinstance(default, bool) or not isinstance(default, int) or not 0 < default < MAX_MAGNITUDE // _INT_FACTOR:
        return None
    is_log = default >= _FEW
    low, high = (
        (max(default // _INT_FACTOR, 1), default * _INT_FACTOR) if is_log else (max(default // 2, 1), default * 2)
    )
    low = low if option.low is None else max(low, math.ceil(option.low))
    high = high if option.high is None else min(high, math.floor(option.high))
    return Int(type="int", low=low, high=high, log=is_log and low > 0) if low < high else None


def _rounded(value: float) -> float:
    """The value with the digits that a range deserves: 0.0003, not 0.00030000000000000003."""
    return float(f"{value:.6g}")
