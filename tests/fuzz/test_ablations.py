"""For any space, base and improvements: the test cases differ, and every trial lies in its own case."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from hyperspool.common.ablation import Case, cases_of
from hyperspool.common.space import Fixed, Space
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.ablation import places
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import make_sampler
from tests.fuzz.strategies import BOUNDED, NUMBERS, space_of, spaces
from tests.master.played import evaluated

UNITS = st.lists(st.floats(0, 1, exclude_max=True), min_size=5, max_size=5)
PARTS = st.lists(st.booleans(), min_size=5, max_size=5).filter(any)
POINTS = st.tuples(UNITS, PARTS)
STUDY: dict[str, Any] = {
    "name": "fuzzed",
    "objective": {"name": "mine"},
    "budget": {"epochs": 1},
    "confirm": {"replicates": 2},
}


@BOUNDED
@given(spaces(), POINTS, st.lists(POINTS, min_size=1, max_size=3), st.data())
def test_cases_differ_and_every_trial_lies_in_its_own(
    table: dict[str, Any], base: Any, changes: list[Any], data: st.DataObject
) -> None:
    spec = _study(table, base, changes, data.draw(st.integers(1, 3)))
    assert spec.ablation is not None
    cases, order = cases_of(spec.ablation, spec.space), places(spec)
    assert len({case.name for case in cases}) == len(cases)
    assert len(order) == spec.all_trials
    sampler, known = make_sampler(spec), Known()
    while suggested := sampler.suggest(data.draw(st.integers(1, 9)), known):
        for proposal in suggested:
            case = proposal.stage.case
            assert case == order[proposal.trial].case
            assert spec.space.problems(proposal.params) == ()
            assert _is_of(cases[case], proposal.params)
            known.finish(evaluated(proposal, data.draw(st.none() | NUMBERS)))
    assert known.next_trial == spec.all_trials


def _study(table: dict[str, Any], base: Any, changes: list[Any], settings: int) -> StudySpec:
    """A study with those of the changes that leave it valid."""
    space = space_of(table)
    found: StudySpec | None = None
    kept: list[dict[str, Any]] = []
    for number, change in enumerate(changes):
        improvements = [*kept, {"name": f"change {number}", "params": _pins(space, *change)}]
        for count in (settings, 1):
            ablation = {"settings": count, "base": _pins(space, *base), "improvements": improvements}
            with suppress(ValidationError):
                found = StudySpec.model_validate_json(json.dumps(STUDY | {"space": table, "ablation": ablation}))
                kept = improvements
                break
    assume(found is not None)
    assert found is not None
    return found


def _pins(space: Space, units: list[float], parts: list[bool]) -> dict[str, Any]:
    """The values of some parameters at a point, whether or not their conditions hold."""
    parameters = zip(space.items(), units, parts, strict=False)
    return {name: parameter.from_unit(unit) for (name, parameter), unit, is_pinned in parameters if is_pinned}


def _is_of(case: Case, params: Mapping[str, Any]) -> bool:
    fixed = {name: parameter.value for name, parameter in case.space.items() if isinstance(parameter, Fixed)}
    return all(params[name] == value for name, value in fixed.items() if name in params)
