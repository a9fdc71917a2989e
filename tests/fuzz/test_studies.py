import json
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from hypothesis import assume, event, given
from hypothesis import strategies as st
from pydantic import ValidationError

from hyperspool.common.errors import UsageError
from hyperspool.common.grid import grid, grid_problems, grid_size
from hyperspool.common.reading import read_record
from hyperspool.common.space import Space
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.source import find_study
from tests.fuzz.strategies import BOUNDED, JSON, NUMBERS, space_of, spaces, studies
from tests.master.played import evaluated

UNITS = st.floats(0, 1, exclude_max=True)


@BOUNDED
@given(spaces(), st.lists(UNITS, min_size=5, max_size=5))
def test_every_point_of_a_space_lies_in_it_through_json(table: dict[str, Any], units: list[float]) -> None:
    space = space_of(table)
    coordinates = dict(zip(space.root, units, strict=False))
    params = space.at(coordinates.__getitem__)
    assert space.problems(params) == ()
    assert space.problems(json.loads(json.dumps(params))) == ()
    assert Space.model_validate_json(space.model_dump_json()) == space


@BOUNDED
@given(spaces())
def test_grid_points_lie_in_the_space_and_match_their_count(table: dict[str, Any]) -> None:
    space = space_of(table)
    if grid_problems(space):
        return
    size = grid_size(space, limit=500)
    points = list(islice(grid(space), 501))
    assert min(size, 501) == len(points)
    assert all(space.problems(point) == () for point in points)


@BOUNDED
@given(studies(), st.data())
def test_suggested_trials_are_valid_and_the_same_again(table: dict[str, Any], data: st.DataObject) -> None:
    try:
        spec = StudySpec.model_validate_json(json.dumps(table))
    except ValidationError:
        event("not a valid study")
        assume(condition=False)
        raise
    values = data.draw(st.lists(st.none() | NUMBERS, min_size=12, max_size=12))
    sampler, known = make_sampler(spec), Known()
    for first in range(0, min(12, spec.trials), 4):
        count = min(4, spec.trials - first)
        suggested, again = sampler.suggest(count, known), make_sampler(spec).suggest(count, known)
        assert suggested == again
        assert [proposal.trial for proposal in suggested] == list(range(first, first + count))
        assert all(spec.space.problems(proposal.params) == () for proposal in suggested)
        for proposal in suggested:
            known.finish(evaluated(proposal, values[proposal.trial]))


@BOUNDED
@given(studies())
def test_a_study_is_read_as_it_was_written(tmp_path: Path, table: dict[str, Any]) -> None:
    path = tmp_path / "study.json"
    path.write_text(json.dumps(table))
    try:
        spec = StudySpec.model_validate_json(path.read_bytes())
    except ValidationError:
        assume(condition=False)
        raise
    path.write_bytes(spec.to_json())
    assert read_record(path, StudySpec) == spec


@BOUNDED
@given(
    st.lists(st.sampled_from(["trials", "space.x", "space.x.low", "budget", "budget.epochs", "a", "limits.stale_s"])),
    st.lists(JSON.map(json.dumps) | st.text(max_size=20), min_size=7, max_size=7),
)
def test_any_change_gives_a_study_or_a_usage_error(keys: list[str], values: list[str]) -> None:
    with suppress(UsageError):
        changes = Changes.parse({}, [f"{key}={value}" for key, value in zip(keys, values, strict=False)])
        find_study("scenario6", Path(), changes)


@BOUNDED
@given(studies(), st.sampled_from(["name", "trials", "space", "objective", "budget", "sampler", "limits"]), JSON)
def test_any_study_file_gives_a_study_or_a_usage_error(
    tmp_path: Path, study: dict[str, Any], key: str, value: Any
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("\n".join(f"{name} = {_toml(entry)}" for name, entry in (study | {key: value}).items()))
    with suppress(UsageError):
        find_study(str(path), tmp_path, Changes())


def _toml(value: Any) -> str:
    match value:
        case dict():
            return f"{{ {', '.join(f'{json.dumps(key)} = {_toml(entry)}' for key, entry in value.items())} }}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case None:
            return "''"
        case _:
            return json.dumps(value)
