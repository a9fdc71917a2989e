"""The methods that libraries bring: how they see a space, what they refuse, and what `auto` chooses."""

import warnings

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.exceptions import ExperimentalWarning

from hyperspool.common.space import Params, Space
from hyperspool.master.search.automatic import choice_for
from hyperspool.master.search.encoding import Encoding
from hyperspool.master.search.evolution import EvolutionStrategy
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.search.quasi_random import QuasiRandomSearch
from tests.conftest import spec_of
from tests.master.played import evaluation, params_of, played

SPACE = Space.model_validate(
    {
        "rate": {"type": "float", "low": 1e-5, "high": 1.0, "log": True},
        "momentum": {"type": "float", "low": 0.0, "high": 1.0, "step": 0.3},
        "width": {"type": "int", "low": 4, "high": 256, "log": True},
        "layers": {"type": "int", "low": 1, "high": 8, "step": 2},
        "mixed": {"type": "categorical", "choices": (1, True, "1", 0.5)},
        "fixed": {"type": "fixed", "value": "always"},
        "decay": {"type": "float", "low": 0.5, "high": 0.9, "when": {"mixed": (True,)}},
    }
)


@given(units=st.lists(st.floats(0, 1, exclude_max=True), min_size=7, max_size=7))
def test_params_come_back_from_optuna_as_they_were(units: list[float]) -> None:
    place = dict(zip(SPACE.order(), units, strict=True))
    params = SPACE.at(place.__getitem__)
    encoding = Encoding(SPACE)
    asked = optuna.trial.FixedTrial(encoding.encoded(params))
    assert encoding.ask(asked) == params  # type: ignore[arg-type]  # it answers as a trial does


@given(units=st.lists(st.floats(0, 1, exclude_max=True), min_size=7, max_size=7))
def test_place_in_the_unit_interval_leads_back_to_the_value(units: list[float]) -> None:
    place = dict(zip(SPACE.order(), units, strict=True))
    params = SPACE.at(place.__getitem__)
    for name, parameter in SPACE.items():
        if name in params:
            unit = parameter.to_unit(params[name])
            assert 0 <= unit <= 1
            assert parameter.from_unit(unit) == pytest.approx(params[name])


def test_unit_interval_ends_where_the_range_ends() -> None:
    ends = [SPACE.at(lambda _, unit=unit: unit) for unit in (0.0, 1.0)]  # type: ignore[misc]
    assert ends[0] == {"rate": 1e-5, "momentum": 0.0, "width": 4, "layers": 1, "mixed": 1, "fixed": "always"}
    assert ends[1] == {"rate": 1.0, "momentum": 0.9, "width": 256, "layers": 7, "mixed": 0.5, "fixed": "always"}


def test_value_outside_the_space_counts_as_the_nearest() -> None:
    encoding = Encoding(SPACE)
    found: Params = {"rate": 7.0, "momentum": 0.8, "width": 1, "layers": 20, "mixed": "gone", "decay": 0.7}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        trial = optuna.trial.create_trial(
            value=0.5,
            params=encoding.encoded(found),
            distributions=encoding.distributions,
        )
    assert trial.params == {"rate": 1.0, "momentum": 3, "width": 4, "layers": 3, "mixed": 0, "decay": 0.7}


def test_sobol_points_fill_every_part_of_the_space() -> None:
    space = Space.model_validate({name: {"type": "float", "low": 0.0, "high": 1.0} for name in "xy"})
    proposals = QuasiRandomSearch(space, seed=3).suggest(64, Known())
    points = np.array([[float(each.params[name]) for name in "xy"] for each in proposals])
    counts, _, _ = np.histogram2d(points[:, 0], points[:, 1], bins=8, range=[[0, 1], [0, 1]])
    assert (counts == 1).all()  # random points leave a third of the 64 parts empty


def test_sobol_points_of_more_parameters_than_the_sequence_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hyperspool.master.search.quasi_random.MAX_DIMENSIONS", 3)
    proposals = QuasiRandomSearch(SPACE, seed=0).suggest(5, Known())
    assert [line for each in proposals for line in SPACE.problems(each.params)] == []


def test_evolution_waits_for_its_generation() -> None:
    spec = spec_of(trials=40, space={name: {"type": "float", "low": 0.0, "high": 1.0} for name in "xyz"})
    search = EvolutionStrategy(spec.space, 0, "minimise")
    first = search.suggest(100, Known())
    assert len(first) == search.generation == 7
    finished = [evaluation(each.trial, each.params, float(each.params["x"])) for each in first]
    assert search.suggest(5, Known(finished[:6], pending=first)) == []
    assert len(search.suggest(5, Known(finished))) == 5


def test_evolution_survives_a_generation_that_fails() -> None:
    spec = spec_of(
        trials=28, space={name: {"type": "float", "low": 0.0, "high": 1.0} for name in "xyz"}, sampler={"name": "cmaes"}
    )
    found = played(spec, lambda each: None if each.trial < 7 or each.trial % 3 else float(each.params["x"]))
    assert len(found) == 28


@pytest.mark.parametrize(
    ("space", "reason"),
    [
        ({"x": {"type": "float", "low": 0.0, "high": 1.0}, "y": 3}, "there is 1"),
        ({"x": {"type": "float", "low": 0.0, "high": 1.0}, "y": ["a", "b"]}, "y is a list"),
        (
            {
                "x": {"type": "int", "low": 1, "high": 3},
                "y": {"type": "float", "low": 0.0, "high": 1.0},
                "z": {"type": "float", "low": 0.0, "high": 1.0, "when": {"x": [1]}},
            },
            "z is not active in every trial",
        ),
    ],
)
def test_evolution_refuses_a_space_that_does_not_suit(space: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=f"cmaes searches two or more .* and {reason}; tpe searches any space"):
        spec_of(space=space, sampler={"name": "cmaes"})


def test_gaussian_process_models_a_parameter_with_a_condition() -> None:
    space = {
        "method": ["plain", "heavy"],
        "momentum": {"type": "float", "low": 0.0, "high": 1.0, "when": {"method": ["heavy"]}},
    }
    spec = spec_of(trials=30, space=space, sampler={"name": "gp"})
    drawn = params_of(played(spec_of(trials=20, space=space)))
    seen = [evaluation(trial, one, abs(float(one.get("momentum", 0.2)) - 0.8)) for trial, one in enumerate(drawn)]
    proposed = make_sampler(spec).suggest(3, Known(seen))
    assert [each.params["method"] for each in proposed] == ["heavy"] * 3
    assert all(0.7 < float(each.params["momentum"]) < 0.9 for each in proposed)


@pytest.mark.parametrize(
    ("space", "settings", "chosen"),
    [
        ({"x": {"type": "float", "low": 0.0, "high": 1.0}}, 14, "qmc"),
        ({"x": {"type": "float", "low": 0.0, "high": 1.0}}, 15, "gp"),
        ({"x": {"type": "float", "low": 0.0, "high": 1.0}, "y": "fixed"}, 200, "gp"),
        ({"x": {"type": "float", "low": 0.0, "high": 1.0}}, 201, "tpe"),
        ({"x": {"type": "float", "low": 0.0, "high": 1.0}, "y": ["a", "b"]}, 50, "tpe"),
        ({f"x{number}": {"type": "float", "low": 0.0, "high": 1.0} for number in range(21)}, 50, "tpe"),
    ],
)
def test_auto_chooses_by_space_and_settings(space: dict[str, object], settings: int, chosen: str) -> None:
    assert choice_for(Space.model_validate(space), settings) == chosen


def test_auto_proposes_what_the_method_it_stands_for_proposes() -> None:
    space = {"x": {"type": "float", "low": 0.0, "high": 1.0}, "y": ["a", "b"]}
    height = [float(each.params["x"]) for each in played(spec_of(trials=20, space=space))]
    both = [
        params_of(played(spec_of(trials=20, space=space, sampler={"name": name}), lambda each: height[each.trial]))
        for name in ("auto", "tpe")
    ]
    assert both[0] == both[1]
