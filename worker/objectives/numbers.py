"""The numbers that an objective hands over: what counts as one, and what a refusal says."""

import math
import operator
from contextlib import suppress
from typing import SupportsFloat

from hyperspool.common.validation import shown


def as_number(value: SupportsFloat, found: str, expected: str = "a number") -> float:
    """Whatever `float()` turns into a number, NaN and infinity included, but neither a text nor a truth value.

    Args:
        value: a NumPy scalar, a tensor of one number, a Decimal, ...
        found: the begin of the message.
        expected: its end.

    Raises:
        TypeError: it is not a number.
    """
    # float() reads texts too, and makes 1.0 of True. Where a number is asked for, both are mistakes.
    if not isinstance(value, str | bytes | bytearray) and not _is_truth(value):
        with suppress(Exception):  # arrays and tensors of several numbers raise their libraries' own errors
            # detach, because float() of a loss that still has its graph warns
            return float(value.detach() if hasattr(value, "detach") else value)
    raise TypeError(f"{found} {shown(value)}, expected {expected}")


def as_finite(value: SupportsFloat, found: str) -> float:
    """A number that a search can compare.

    Raises:
        TypeError: it is not a number.
        ValueError: it is NaN or infinite.
    """
    number = as_number(value, found, "a finite number")
    if not math.isfinite(number):
        raise ValueError(f"{found} {number}, expected a finite number")
    return number


def as_epoch(value: object, found: str) -> int:
    """A whole number.

    Raises:
        TypeError: it is not a whole number.
    """
    if not _is_truth(value):
        with suppress(TypeError):
            return operator.index(value)  # type: ignore[arg-type]  # it raises for anything else
    raise TypeError(f"{found} {shown(value)}, expected a whole number")


def _is_truth(value: object) -> bool:
    return isinstance(value, bool) or str(getattr(value, "dtype", "")) in {"bool", "torch.bool"}
