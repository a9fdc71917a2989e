from collections.abc import Callable

import numpy as np
import pytest

import hyperspool as hs
from hyperspool.api.space import space_table
from hyperspool.common.errors import UsageError
from hyperspool.common.space import Space


def test_a_space_in_python_means_what_a_file_means() -> None:
    table = space_table(
        {
            "lr": hs.Float(1e-4, 1e-1, log=True),
            "units": hs.Int(16, 256, step=16),
            "opt": ["sgd", "adam"],
            "momentum": hs.Float(0, 1, when={"opt": "sgd"}),
            "kind": hs.Categorical(["a", "b"], when={"opt": ["adam"]}),
            "epochs": 3,
        }
    )
    written = {
        "lr": {"type": "float", "low": 1e-4, "high": 0.1, "log": True},
        "units": {"type": "int", "low": 16, "high": 256, "step": 16},
        "opt": {"type": "categorical", "choices": ["sgd", "adam"]},
        "momentum": {"type": "float", "low": 0.0, "high": 1.0, "when": {"opt": ["sgd"]}},
        "kind": {"type": "categorical", "choices": ["a", "b"], "when": {"opt": ["adam"]}},
        "epochs": {"type": "fixed", "value": 3},
    }
    assert Space.model_validate(table) == Space.model_validate(written)


def test_numpy_values_are_values() -> None:
    table = space_table({"x": hs.Float(np.float64(0), np.float64(1)), "n": np.arange(1, 4), "k": np.int64(7)})
    assert table["n"] == [1, 2, 3]
    assert table["k"] == 7
    Space.model_validate(table)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: hs.Float(3, 1), "hyperspool.Float: low is 3.0 and high is 1.0"),
        (lambda: hs.Float(0, 1, log=True), "a logarithmic scale begins above 0"),
        (lambda: hs.Int(1, 2.5), "hyperspool.Int: high: found 2.5, expected an integer"),  # type: ignore[arg-type]
        (lambda: hs.Categorical([]), "hyperspool.Categorical: choices"),
        (lambda: space_table({"x": (0, 1)}), r"space\['x'\]: found \(0, 1\), expected hyperspool.Float"),
        (lambda: space_table({"x": None}), r"space\['x'\]: found None"),
    ],
)
def test_an_impossible_parameter_is_refused_where_it_stands(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


def test_default_and_prior_reach_the_table_of_a_study() -> None:
    prior = {"center": 0.1, "confidence": "low"}
    space = {"x": hs.Float(0, 1, default=0.0, prior=prior), "on": hs.Categorical([True, False], default=False)}
    found = space_table(space)
    assert (found["x"]["default"], found["x"]["prior"], found["on"]["default"]) == (0.0, prior, False)
    with pytest.raises(UsageError, match="Int: default: found 9, expected 1 to 3"):
        hs.Int(1, 3, default=9)
