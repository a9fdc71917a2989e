"""Test cases of an ablation, and the ablations that are refused."""

import json
import time
from typing import Any

import pytest
from pydantic import ValidationError

from hyperspool.common.ablation import Case, cases_of
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.validation import explain
from tests.conftest import spec_of

SPACE: dict[str, Any] = {
    "units": {"type": "categorical", "choices": [50, 100, 200]},
    "keep": {"type": "float", "low": 0.5, "high": 1.0},
    "snapshots": {"type": "categorical", "choices": [False, True]},
    "step": {"type": "categorical", "choices": [980, 2450], "when": {"snapshots": False}},
    "cycles": {"type": "categorical", "choices": [3, 5], "when": {"snapshots": True}},
    "l2": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True},
    "rate": {"type": "fixed", "value": 0.1},
}
BASE = {"units": 50, "keep": 1, "snapshots": False, "step": 980, "cycles": 3}


def improvement(name: str, **params: Any) -> dict[str, Any]:
    return {"name": name, "params": params}


def table_of(*improvements: dict[str, Any], base: dict[str, Any] = BASE, **more: Any) -> dict[str, Any]:
    """A study, from the fields of its file."""
    table: dict[str, Any] = json.loads(spec_of().to_json()) | {"space": SPACE}
    del table["trials"]
    return table | {"ablation": {"base": base, "improvements": improvements, "settings": 4}} | more


def cases(*improvements: dict[str, Any]) -> list[Case]:
    spec = StudySpec.model_validate_json(json.dumps(table_of(*improvements)))
    assert spec.ablation is not None
    return cases_of(spec.ablation, spec.space)


def fixed(case: Case) -> dict[str, Any]:
    return {name: parameter.value for name, parameter in case.space.items() if parameter.type == "fixed"}


def problem(table: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        StudySpec.model_validate_json(json.dumps(table))
    (line,) = explain(caught.value, StudySpec)
    return line


def test_cases_are_the_base_singles_and_cumulative_combinations() -> None:
    found = cases(improvement("dropout", keep=0.8), improvement("wide", units=200), improvement("long", step=2450))
    assert [(case.kind, case.name) for case in found] == [
        ("base", "base"),
        ("single", "dropout"),
        ("single", "wide"),
        ("single", "long"),
        ("cumulative", "dropout + wide"),
        ("cumulative", "dropout + wide + long"),
    ]
    assert fixed(found[0]) == BASE | {"keep": 1.0, "rate": 0.1}
    assert fixed(found[1]) == BASE | {"keep": 0.8, "rate": 0.1}
    assert fixed(found[5]) == BASE | {"keep": 0.8, "units": 200, "step": 2450, "rate": 0.1}


def test_a_tuned_parameter_stays_a_range_in_every_case() -> None:
    for case in cases(improvement("dropout", keep=0.8), improvement("wide", units=200)):
        assert case.is_tuned
        assert case.space.root["l2"].type == "float"


def test_a_repeated_case_is_left_out_and_overridden_improvements_unnamed() -> None:
    found = cases(improvement("100", units=100), improvement("200", units=200), improvement("dropout", keep=0.8))
    assert [case.name for case in found] == ["base", "100", "200", "dropout", "200 + dropout"]


def test_an_improvement_inside_a_later_one_is_not_named() -> None:
    found = cases(
        improvement("wide", units=100),
        improvement("three", snapshots=True),
        improvement("five", snapshots=True, cycles=5),
    )
    assert [case.name for case in found] == ["base", "wide", "three", "five", "wide + three", "wide + five"]


def test_a_parameter_switched_off_does_not_distinguish_cases() -> None:
    # Snapshots switch the step off, so a longer step together with snapshots is the case of snapshots alone.
    found = cases(improvement("long", step=2450), improvement("snapshots", snapshots=True))
    assert [case.name for case in found] == ["base", "long", "snapshots"]
    found = cases(
        improvement("long", step=2450), improvement("wide", units=200), improvement("snapshots", snapshots=True)
    )
    assert [case.name for case in found][-2:] == ["long + wide", "wide + snapshots"]


def test_an_ablations_trials_and_finalists_follow_from_its_cases() -> None:
    table = table_of(improvement("a", keep=0.8), improvement("b", units=100), confirm={"replicates": 3})
    spec = StudySpec.model_validate_json(json.dumps(table))
    assert spec.confirm is not None
    assert (spec.trials, spec.confirm.finalists, spec.all_trials) == (4 * 4, 4, 4 * 4 + 4 * 3)
    assert StudySpec.model_validate_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("table", "line"),
    [
        (table_of(improvement("a", units=50)), "ablation.improvements.0.params: it changes nothing in the base"),
        (table_of(improvement("a", cycles=5)), "ablation.improvements.0.params: it changes nothing in the base"),
        (
            table_of(improvement("a", units=100), improvement("b", units=100)),
            "ablation.improvements.1.params: it is the same as a",
        ),
        (
            table_of(improvement("a", units=100), improvement("a", units=200)),
            "ablation.improvements: two cases would be called a; give the improvements other names",
        ),
        (
            table_of(improvement("base", units=100)),
            "ablation.improvements: two cases would be called base; give the improvements other names",
        ),
        (
            table_of(improvement("a", units=100), improvement("b", keep=0.8), improvement("a + b", step=2450)),
            "ablation.improvements: two cases would be called a + b; give the improvements other names",
        ),
        (
            table_of(improvement("a", unitz=100)),
            (
                "ablation.improvements.0.params.unitz: unknown key (did you mean units?); "
                "allowed: units, keep, snapshots, step, cycles, l2, rate"
            ),
        ),
        (
            table_of(improvement("a", units=70)),
            "ablation.improvements.0.params.units: found 70, expected one of 50, 100, 200",
        ),
        (table_of(improvement("a", rate=0.2)), "ablation.improvements.0.params.rate: found 0.2, expected 0.1"),
        (
            table_of(improvement("a", units=100), base=BASE | {"keep": 2}),
            "ablation.base.keep: found 2.0, expected 0.5 to 1.0",
        ),
        (table_of(), "ablation.improvements: found [], expected at least 1"),
        (
            table_of(improvement("a", units=100), base=BASE | {"l2": 1e-3}),
            "ablation.settings: found 4, but no case has a parameter left to tune",
        ),
        (
            table_of(improvement("a", units=100), trials=40),
            "trials: found 40, expected 8: 2 cases of 4 settings each (ablation.settings)",
        ),
        (
            table_of(improvement("a", units=100), confirm={"finalists": 5}),
            "confirm.finalists: found 5, expected 2, one for each case",
        ),
        (
            table_of(improvement("a", units=100), sampler={"name": "grid"}),
            "sampler.name: found 'grid'; an ablation tunes its cases by random or coarse-to-fine search",
        ),
        (
            table_of(improvement("a", units=100), replicates=2),
            "replicates: an ablation has confirm.replicates, of the best setting of each case",
        ),
        (
            table_of(improvement("a", units=100), sampler={"name": "coarse-to-fine", "rounds": 2, "keep": 2}),
            "ablation.settings: 4 settings in 2 rounds are 2 a round; expected more than sampler.keep, which is 2",
        ),
    ],
)
def test_an_impossible_ablation_is_refused(table: dict[str, Any], line: str) -> None:
    assert problem(table) == line


def test_finalists_are_counted_for_no_other_study() -> None:
    table = json.loads(spec_of().to_json()) | {"confirm": {"replicates": 3}}
    assert problem(table) == "confirm.finalists: missing; it is required, except for an ablation"


def test_the_largest_ablation_keeps_no_reader_busy() -> None:
    space = {f"p{index}": {"type": "int", "low": 0, "high": 9} for index in range(999)} | {"l2": SPACE["l2"]}
    improvements = [improvement(f"i{index}", **{f"p{index}": 1}) for index in range(100)]
    base = {f"p{index}": 0 for index in range(999)}
    began_s = time.process_time()
    spec = StudySpec.model_validate_json(json.dumps(table_of(*improvements, base=base, space=space)))
    assert spec.trials == 4 * 200
    assert time.process_time() - began_s < 5.0
