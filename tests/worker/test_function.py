"""What may be a user's function, and what it may return."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.definitions import FunctionDefinition
from hyperspool.common.errors import UnableError
from hyperspool.worker.objectives.function import called_with, find_function
from hyperspool.worker.objectives.trial import Trial
from tests.worker.test_trial import trial_of


def of_both(params: dict[str, Any], trial: Trial) -> float:
    return float(params["x"]) + trial.epochs


def of_params(params: dict[str, Any]) -> float:
    return float(params["x"])


def of_more(params: dict[str, Any], trial: Trial, extra: float = 1.0) -> float:
    return float(params["x"]) + extra


def of_any(*given: Any) -> float:
    return float(len(given))


async def waits(params: dict[str, Any]) -> float:
    await asyncio.sleep(0)
    return float(params["x"])


class Model:
    def __init__(self, params: dict[str, Any]) -> None: ...


class Callable_:  # noqa: N801 - an object that can be called
    def __call__(self, params: dict[str, Any]) -> float:
        return float(params["x"])


def generates(params: dict[str, Any]) -> Iterator[float]:
    yield 1.0


def of_names(lr: float, momentum: float, width: int) -> float:
    return lr


def of_keywords(*, lr: float) -> float:
    return lr


def of_nothing() -> float:
    return 1.0


@pytest.mark.parametrize(
    ("function", "value"),
    [(of_both, 1.5), (of_params, 0.5), (of_more, 1.5), (of_any, 2.0), (waits, 0.5), (Callable_(), 0.5)],
)
def test_function_is_called_with_what_it_takes(function: Callable[..., Any], value: float) -> None:
    assert called_with(function)(trial_of(x=0.5)).value == value


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (Model, "found a class"),
        (generates, "found a generator"),
        (of_names, r"found a function of \(lr, momentum, width\)"),
        (of_keywords, r"found a function of \(lr\)"),
        (of_nothing, r"found a function of \(\)"),
        (3, "found 3"),
    ],
)
def test_what_cannot_be_called_like_this_is_refused(function: Any, found: str) -> None:
    with pytest.raises(TypeError, match=found + ", expected a function of the params and the trial"):
        called_with(function)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "returned None, expected a finite number: is a return missing"),
        ("0.5", "returned '0.5', expected a finite number"),
        ((0.5, 0.25), r"returned \(0.5, 0.25\), expected"),
        (float("inf"), "returned inf, expected a finite number"),
    ],
)
def test_what_is_no_value_is_an_error(value: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        called_with(lambda _params: value)(trial_of(x=0.5))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "def f(params):\n    return 1\nraise ValueError('no data')\n",
            r"ValueError\('no data'\) \(.*/broken_a.py:3\)",
        ),
        ("import sys\nraise SystemExit(3)\n", r"SystemExit\(3\) \(.*/broken_a.py:2\)"),
        ("def g(params):\n    return 1\n", "has no attribute 'f'"),
        ("f = 3\n", "found 3, expected a function"),
    ],
)
def test_failing_import_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str) -> None:
    (tmp_path / "broken_a.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("broken_a", None)
    with pytest.raises(UnableError, match="cannot be imported: .*" + message):
        find_function(FunctionDefinition("f", "broken_a:f", tmp_path))
