"""Ranges go around defaults, on the scale that name and default suggest."""

import pytest

from hyperspool.common.space import Categorical, Float, Int
from hyperspool.master.init.option import Form, Kind, Option
from hyperspool.master.init.ranges import proposed


def floating(low: float, high: float, *, log: bool = False) -> Float:
    return Float(type="float", low=low, high=high, log=log)


def whole(low: int, high: int, *, log: bool = False) -> Int:
    return Int(type="int", low=low, high=high, log=log)


@pytest.mark.parametrize(
    ("flag", "default", "expected"),
    [
        ("--lr", 0.001, floating(0.0001, 0.01, log=True)),
        ("--learningRate", 0.3, floating(0.03, 3.0, log=True)),
        ("--lr", None, floating(1e-4, 1e-1, log=True)),
        ("--weight-decay", 0.0, floating(1e-6, 1e-2, log=True)),
        ("--weight-decay", 5e-4, floating(5e-5, 5e-3, log=True)),
        ("-C", 1.0, floating(0.1, 10.0, log=True)),
        ("--step", 0.02, floating(0.002, 0.2, log=True)),
        ("--scale", 30.0, floating(3.0, 300.0, log=True)),
        ("--momentum", 0.9, floating(0.0, 0.99)),
        ("--beta2", 0.999, floating(0.99, 0.9999)),
        ("--dropout", 0.0, floating(0.0, 0.5)),
        ("--share", 0.3, floating(0.0, 0.7)),
        ("--share", 0.0, None),
        ("--margin", -1.0, None),
        ("--odd", float("nan"), None),
        ("--odd", float("inf"), None),
        ("--batch-size", 64, whole(16, 256, log=True)),
        ("--layers", 2, whole(1, 4)),
        ("--layers", 1, whole(1, 2)),
        ("--patience", 0, None),
        ("--context", -1, None),
        ("--huge", 2**60, None),
        ("--huge", 1e308, None),
    ],
)
def test_range_follows_from_name_and_default(flag: str, default: float | None, expected: object) -> None:
    kind = Kind.INT if isinstance(default, int) else Kind.FLOAT
    assert proposed(Option((flag,), kind=kind, default=default)) == expected


def test_range_stays_within_what_the_program_accepts() -> None:
    rate = Option(("--rate",), kind=Kind.FLOAT, default=0.1, low=0.05, high=0.2)
    assert proposed(rate) == floating(0.05, 0.2, log=True)
    width = Option(("--width",), kind=Kind.INT, default=64, high=100)
    assert proposed(width) == whole(16, 100, log=True)
    assert proposed(Option(("--width",), kind=Kind.INT, default=64, low=64, high=64)) is None


def test_choices_and_flags_become_lists() -> None:
    assert proposed(Option(("--opt",), choices=("sgd", "adam"))) == Categorical(
        type="categorical", choices=("sgd", "adam")
    )
    assert proposed(Option(("--opt",), choices=("sgd",))) is None
    assert proposed(Option(("--opt",), choices=("x" * 5000, "y"))) is None
    assert proposed(Option(("--fast",), Form.FLAG_ON)) == Categorical(type="categorical", choices=(False, True))
