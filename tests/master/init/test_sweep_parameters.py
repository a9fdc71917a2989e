"""Parameters of a W&B sweep, by its reference's rules."""

from typing import Any

import pytest
import yaml

from hyperspool.common.space import Categorical, Fixed, Float, Int
from hyperspool.master.init.sweep_parameters import carried


def floating(low: float, high: float, **keys: Any) -> Float:
    return Float(type="float", low=low, high=high, **keys)


def whole(low: int, high: int, **keys: Any) -> Int:
    return Int(type="int", low=low, high=high, **keys)


def listed(*choices: Any) -> Categorical:
    return Categorical(type="categorical", choices=choices)


def fixed(value: Any) -> Fixed:
    return Fixed(type="fixed", value=value)


@pytest.mark.parametrize(
    ("text", "expected", "note"),
    [
        ("{min: 0.1, max: 0.5}", floating(0.1, 0.5), ""),
        ("{min: 1, max: 5}", whole(1, 5), ""),
        ("{min: 0, max: 0.5}", floating(0.0, 0.5), ""),
        ("{min: 3, max: 3}", fixed(3), ""),
        ("{value: 0.9}", fixed(0.9), ""),
        ("{value: null}", fixed("None"), ""),
        ("{value: adam}", fixed("adam"), ""),
        ("{values: [16, 32, 16]}", listed(16, 32), ""),
        ("{values: [1e-3, 1e-4]}", listed(0.001, 0.0001), ""),
        ("{values: [true, false]}", listed(True, False), ""),
        ("{values: [a, b], probabilities: [0.1, 0.9]}", listed("a", "b"), "equally likely"),
        ("{distribution: uniform, min: 0, max: 2}", floating(0.0, 2.0), ""),
        ("{distribution: int_uniform, min: 0, max: 2}", whole(0, 2), ""),
        ("{distribution: log_uniform, min: -9.210340371976182, max: 0}", floating(1e-4, 1.0, log=True), ""),
        (
            "{distribution: log_uniform, min: 0.0001, max: 0.1}",
            floating(1.0001, 1.10517, log=True),
            "log_uniform_values",
        ),
        ("{distribution: log_uniform_values, min: 1e-4, max: 1.0}", floating(1e-4, 1.0, log=True), ""),
        ("{distribution: inv_log_uniform, min: 0, max: 4.605170185988092}", floating(0.01, 1.0, log=True), ""),
        ("{distribution: inv_log_uniform_values, min: 0.01, max: 1}", floating(0.01, 1.0, log=True), ""),
        ("{distribution: q_uniform, min: 8, max: 64, q: 8}", whole(8, 64, step=8), ""),
        ("{distribution: q_uniform, min: 1, max: 10}", whole(1, 10), ""),
        ("{distribution: q_uniform, min: 0.1, max: 0.5, q: 0.1}", floating(0.1, 0.5, step=0.1), ""),
        ("{distribution: q_log_uniform_values, min: 16, max: 256}", whole(16, 256, log=True), ""),
        ("{distribution: q_log_uniform_values, min: 16, max: 256, q: 8}", floating(16.0, 256.0, log=True), "multiples"),
        ("{distribution: normal, mu: 1, sigma: 0.5}", floating(0.0, 2.0), "normal became a range"),
        ("{distribution: log_normal, mu: 0, sigma: 1}", floating(0.135335, 7.38906, log=True), "log_normal became"),
        ("{distribution: beta, a: 2}", floating(0.0, 1.0), "beta became"),
    ],
)
def test_parameter_is_carried_over(text: str, expected: object, note: str) -> None:
    found = carried(yaml.safe_load(text))
    assert found.parameter == expected
    assert note in found.note
    assert bool(note) == bool(found.note)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("3", "expected value, values, or min and max"),
        ("{min: 1}", "expected value, values, or min and max"),
        ("{parameters: {depth: {value: 1}}}", "nested parameters"),
        ("{distribution: zipf, a: 1}", "'zipf' is not known"),
        ("{min: low, max: 3.0}", "min: found 'low', expected a number"),
        ("{min: 5.0, max: 1.0}", "low must not be above high"),
        ("{distribution: uniform, min: 1}", "max: found None"),
        ("{distribution: log_uniform_values, min: 0, max: 1}", "begins above 0"),
        ("{distribution: log_uniform, min: 0, max: 1000}", "too large"),
        ("{distribution: q_uniform, min: 0, max: 1, q: 0}", "q: found 0"),
        ("{distribution: q_uniform, min: 0, max: 1.0e+300, q: 1.0e-300}", "infinity"),
        ("{values: []}", "expected a list"),
        ("{values: [[1, 2], 3]}", "found [1, 2]"),
        ("{value: {a: 1}}", "a value is a number"),
        ("{values: [.nan, 1]}", "too large"),
        (f"{{value: {10**400}}}", "too large"),
        (f"{{min: {10**400}, max: 1}}", "too large"),
        (f"{{value: {'x' * 2000}}}", "too large"),
    ],
)
def test_parameter_that_cannot_be_carried_says_why(text: str, why: str) -> None:
    found = carried(yaml.safe_load(text))
    assert found.parameter is None
    assert why in found.note
