"""Parameter values: their kinds, when two of them are equal, and sets of them.

Anyone who can write into the shared folder decides how many values there are, so nothing here takes longer than sorting
them.
"""

import math
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise

Scalar = bool | int | float | str

RELATIVE_TOLERANCE = 1e-9
"""Values this close are the same value: two hosts' math libraries may differ in the last digits of a logarithm."""


def same_value(first: Scalar, second: Scalar) -> bool:
    """Whether two parameter values are equal; numbers may differ in the last digits. 1 equals 1.0, but not true."""
    numbers = (int, float)
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, numbers) and isinstance(second, numbers):
        return math.isclose(first, second, rel_tol=RELATIVE_TOLERANCE)
    return first == second


def same_params(first: Mapping[str, Scalar], second: Mapping[str, Scalar]) -> bool:
    """Whether two trials' params are equal, by `same_value`."""
    return first.keys() == second.keys() and all(same_value(first[name], second[name]) for name in first)


def setting_key(params: Mapping[str, Scalar]) -> Hashable:
    """The key of a setting: equal for trials with equal params, and for no others.

    Exact, unlike `same_params`: a key cannot have a tolerance.
    """
    # Python takes 1, 1.0 and True for equal. The first two should be; the flag keeps true apart from them.
    return frozenset((name, isinstance(value, bool), value) for name, value in params.items())


def setting_keys(rows: Sequence[Mapping[str, Scalar]]) -> Sequence[Hashable]:
    """Keys of settings, equal exactly where those of `setting_key` are. They are made for each other alone."""
    names = set(map(tuple, rows))
    kinds = {kind for row in rows for kind in map(type, row.values())}
    # Nearly always all have the same names in the same order: then the values alone tell settings apart.
    if len(names) == 1 and bool not in kinds:
        return [tuple(row.values()) for row in rows]
    return list(map(setting_key, rows))


class ValueSet:
    """A set of values with fast membership tests, by `same_value`.

    Args:
        values: the values; numbers are finite.
    """

    def __init__(self, values: Iterable[Scalar]) -> None:
        listed = tuple(values)
        self._numbers = sorted(value for value in listed if _is_number(value))
        self._others = frozenset((type(value), value) for value in listed if not _is_number(value))

    def __contains__(self, value: Scalar) -> bool:
        if not _is_number(value):
            return (type(value), value) in self._others
        # A number that differs in the last digits only is its neighbour in sorted order.
        place = bisect_left(self._numbers, value)
        return any(same_value(value, near) for near in self._numbers[max(place - 1, 0) : place + 1])


def first_twice(values: Iterable[Scalar]) -> Scalar | None:
    """A value that occurs twice in a list, by `same_value`; None if no value does."""
    listed = tuple(values)
    seen: set[tuple[type, Scalar]] = set()
    for value in listed:
        if not _is_number(value) and (type(value), value) in seen:
            return value
        seen.add((type(value), value))
    numbers = sorted(value for value in listed if _is_number(value))
    return next((second for first, second in pairwise(numbers) if same_value(first, second)), None)


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
