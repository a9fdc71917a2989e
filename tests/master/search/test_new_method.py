"""Adds a search method as docs/architecture.md describes: one file, one registration, one name in the study."""

from pathlib import Path

import pytest

from hyperspool.common.records import Stage
from hyperspool.common.samplers import SAMPLERS
from hyperspool.common.space import Float
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.known import Known, Proposal
from hyperspool.master.search.methods import METHODS, Method
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.source import find_study
from tests.conftest import MakeStudy
from tests.master.played import played


class Bisection:
    """Halves the range of one parameter by the better of its last two trials: a complete search method."""

    def __init__(self, spec: StudySpec) -> None:
        self._spec = spec

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the two quarters of the rest, once the two trials before are finished."""
        ((name, parameter),) = self._spec.space.items()
        if known.pending or known.next_trial % 2 or not isinstance(parameter, Float):
            return []
        low, high = parameter.low, parameter.high
        finished = known.finished()
        for first, second in zip(finished[::2], finished[1::2], strict=True):
            middle = (low + high) / 2
            is_lower = first.loss(self._spec.objective.direction) <= second.loss(self._spec.objective.direction)
            low, high = (low, middle) if is_lower else (middle, high)
        quarter = (high - low) / 4
        trials = range(known.next_trial, known.next_trial + min(count, 2))
        points = (low + quarter, high - quarter)
        return [
            Proposal(trial, {name: point}, Stage(setting=trial)) for trial, point in zip(trials, points, strict=False)
        ]


@pytest.fixture
def bisection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two lines of registration."""
    monkeypatch.setitem(METHODS, "bisection", Method(lambda spec, _space, _settings: Bisection(spec)))
    monkeypatch.setitem(SAMPLERS, "bisection", {})


@pytest.mark.usefixtures("bisection")
def test_new_method_is_found_by_its_name_and_searches(root: Path, make_study: MakeStudy) -> None:
    path = make_study("square", trials=20, batch=2, more='sampler.name = "bisection"')
    spec = find_study(str(path), root, Changes())
    found = played(spec, lambda proposal: abs(float(proposal.params["x"]) - 0.3))
    assert len(found) == 20
    assert abs(float(found[-1].params["x"]) - 0.3) < 0.001


@pytest.mark.usefixtures("bisection")
def test_new_method_takes_replicates_and_finalists_from_the_wrappers(root: Path, make_study: MakeStudy) -> None:
    more = 'sampler.name = "bisection"\nreplicates = 2\nconfirm = { finalists = 2, replicates = 3 }'
    spec = find_study(str(make_study("square", trials=16, batch=4, more=more)), root, Changes())
    found = played(spec, lambda proposal: abs(float(proposal.params["x"]) - 0.3))
    assert [each.stage.kind for each in found] == ["search"] * 16 + ["confirmation"] * 6
    assert [each.params for each in found[0:16:2]] == [each.params for each in found[1:16:2]]


def test_every_sampler_of_a_study_has_a_method() -> None:
    assert SAMPLERS.keys() == METHODS.keys()


def test_unknown_method_is_refused_with_the_known_ones(root: Path, make_study: MakeStudy) -> None:
    path = make_study("square", more='sampler.name = "magic"')
    with pytest.raises(ValueError, match="found 'magic', expected 'random', 'grid', 'coarse-to-fine', "):
        find_study(str(path), root, Changes())


@pytest.mark.usefixtures("bisection")
def test_settings_of_another_sampler_are_refused(root: Path, make_study: MakeStudy) -> None:
    path = make_study("square", more='sampler = { name = "bisection", rounds = 3 }')
    with pytest.raises(ValueError, match="only the sampler coarse-to-fine"):
        find_study(str(path), root, Changes())
