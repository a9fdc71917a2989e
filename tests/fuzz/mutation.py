"""Mutations that keep JSON valid, so that the fuzzer gets past the parser to the checks of values."""

import json
import random
from collections.abc import Callable
from typing import Any

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 3, 0.5, -0.0, 1e-320, 1e308, 1e400, 2**31, 2**53, -(2**53), 2**64, 10**400),
    *("", "x", "float", "int", "categorical", "fixed", "lock", "lease", "random", "grid", "\x00", "\ud800", "n" * 1001),
    *([], [1], [1, 1.0], ["x", "y", True], {}, {"x": 1}, {"x": [0.25, "y"]}, {"type": "fixed", "value": 1}),
    {"type": "float", "low": 0, "high": 1, "when": {"x": [1]}},
    {"type": "int", "low": 1, "high": 9, "log": True},
)


def mutate(data: bytes, max_size: int, seed: int, blindly: Callable[[bytes, int], bytes]) -> bytes:
    """A changed input: values of its JSON replaced, removed, copied or renamed; or bytes changed blindly.

    Args:
        data: an input: the reader's number, then the content.
        max_size: the most bytes that the changed input may have.
        seed: the seed of every random choice here.
        blindly: changes bytes without regard to their meaning.
    """
    chance = random.Random(seed)
    if chance.random() < 0.5:
        return blindly(data, max_size)
    try:
        tree = json.loads(data[1:])
    except (ValueError, RecursionError):
        return blindly(data, max_size)
    for _ in range(chance.randint(1, 3)):
        tree = _changed(tree, chance)
    changed = data[:1] + json.dumps(tree).encode()
    return changed if len(changed) <= max_size else blindly(data, max_size)


def _changed(tree: Any, chance: random.Random) -> Any:
    places = list(_places(tree))
    if not places:
        return chance.choice(ODD_VALUES)
    inside, key = chance.choice(places)
    match chance.randrange(5):
        case 0 if isinstance(inside, dict):
            del inside[key]
        case 1:
            other, other_key = chance.choice(places)
            inside[key] = json.loads(json.dumps(other[other_key]))
        case 2 if isinstance(inside, dict):
            inside[chance.choice((f"{key}2", "x", "when", "step", "a b", "\x1b"))] = json.loads(json.dumps(inside[key]))
        case 3 if isinstance(inside[key], int | float) and abs(inside[key]) < 1e9:
            inside[key] = inside[key] * chance.choice((-1, 0, 2, 10, 1e10)) + chance.choice((-1, 0, 1))
        case _:
            inside[key] = json.loads(json.dumps(chance.choice(ODD_VALUES)))
    return tree


def _places(tree: Any) -> Any:
    keys = tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield tree, key
        yield from _places(tree[key])
