"""The promises of random search, grid search and replicates beyond the common contract."""

from collections.abc import Sequence
from itertools import product

import pytest

from hyperspool.common.records import Stage, Status
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.counter_random import unit_number
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.search.replicates import Replicated, of_settings
from hyperspool.master.studies.preset import load_preset
from tests.conftest import spec_of
from tests.master.played import evaluated
from tests.master.search.contract_studies import STUDIES
from tests.master.search.listening import Listening


def suggested(spec: StudySpec, count: int) -> list[Params]:
    """The params of a study's first proposals."""
    return [proposal.params for proposal in make_sampler(spec).suggest(count, Known())]


def test_random_numbers_never_change() -> None:
    # Published studies are resumed by proposing again, so these numbers must never change.
    assert unit_number(0, "learning_rate", 0) == NUMBERS[0]
    assert unit_number(0, "learning_rate", 1) == NUMBERS[1]
    assert unit_number(1, "learning_rate", 0) == NUMBERS[2]
    assert unit_number(2**32 - 1, "momentum", 999_999) == NUMBERS[3]


NUMBERS = (0.18273102012012032, 0.5606269823858531, 0.2085828232778545, 0.10762081677507396)


def test_random_numbers_are_uniform_and_independent_of_each_other() -> None:
    count = 4000
    numbers = [[unit_number(7, name, trial) for trial in range(count)] for name in ("a", "b")]
    for column in numbers:
        assert all(0.0 <= number < 1.0 for number in column)
        shares = [sum(low <= number * 10 < low + 1 for number in column) / count for low in range(10)]
        assert shares == pytest.approx([0.1] * 10, abs=0.02)
    centred = [[number - 0.5 for number in column] for column in numbers]
    correlation = 12 * sum(a * b for a, b in zip(*centred, strict=True)) / count
    assert correlation == pytest.approx(0.0, abs=0.06)


def test_random_search_repeats_no_setting_and_differs_by_seed() -> None:
    spec = load_preset("scenario6").model_copy(update={"trials": 200})
    proposed = suggested(spec, 200)
    assert len({tuple(params.values()) for params in proposed}) == 200
    assert suggested(spec.model_copy(update={"seed": 1}), 1) != proposed[:1]


def test_parameter_keeps_its_values_beside_any_others() -> None:
    x, y = {"type": "float", "low": 0.0, "high": 1.0}, {"type": "int", "low": 1, "high": 9}
    spaces: list[dict[str, object]] = [{"x": x}, {"y": y, "x": x}, {"x": x, "y": y}]
    values = [[params["x"] for params in suggested(spec_of(space=space), 5)] for space in spaces]
    assert values[0] == values[1] == values[2]


def test_grid_search_varies_the_first_parameter_slowest() -> None:
    spec = load_preset("scenario2")
    found = [(params["learning_rate"], params["batch_size"]) for params in suggested(spec, 100)]
    assert found == list(product((0.1, 0.2, 0.5), (20, 100, 500)))
    assert spec.trials == 9


@pytest.mark.parametrize("name", ["random", "grid"])
def test_replicates_repeat_each_setting_in_a_row(name: str) -> None:
    settings = suggested(STUDIES[name], 6)
    replicated = make_sampler(STUDIES[f"{name}, replicated"]).suggest(24, Known())
    assert [each.params for each in replicated] == [params for params in settings for _ in range(4)]
    stages = [Stage(setting=setting, replicate=number) for setting in range(6) for number in range(4)]
    assert [each.stage for each in replicated] == stages


def test_search_gets_a_settings_mean_once_all_replicates_finished() -> None:
    inner, known = Listening(), Known()
    sampler = Replicated(inner, 3)
    values = iter([1.0, 2.0, 6.0, None, 4.0, float("inf"), None, None, None])
    for first in (0, 4, 8):
        for proposal in sampler.suggest(min(4, 9 - first), known):
            known.finish(evaluated(proposal, next(values)))
    assert inner.asked == [2, 1]
    assert inner.shown == [[], [of_setting(0, 3.0)]]
    assert inner.pending == [[], [1]]
    assert of_settings(known, 3).finished() == [of_setting(0, 3.0), of_setting(1, 4.0), of_setting(2, None)]


def of_setting(setting: int, mean: float | None) -> Evaluation:
    """A setting as the inner method of `Replicated` sees it: its first replicate's proposal with the mean."""
    return evaluated(Proposal(setting, {"x": setting}, Stage(setting=setting)), mean)


def settled(values: Sequence[float | None], diverged: Sequence[int] = ()) -> Evaluation:
    """A setting that was evaluated once for each value."""
    proposals = [Proposal(trial, {}, Stage(replicate=trial)) for trial in range(len(values))]
    known = Known(evaluated(each, values[each.trial], diverged=each.trial in diverged) for each in proposals)
    (only,) = of_settings(known, len(values)).finished()
    return only


def test_setting_diverged_if_all_replicates_with_a_value_did() -> None:
    assert settled([0.9, None, 0.9], diverged=(0, 2)).diverged
    assert not settled([0.9, 0.1, 0.9], diverged=(0, 2)).diverged
    assert not settled([None, None, None]).diverged


def test_pruned_replicates_leave_the_mean_to_the_others() -> None:
    proposals = [Proposal(trial, {}, Stage(replicate=trial)) for trial in range(2)]
    pruned = Evaluation(proposals[0], Status.PRUNED, 0.1)
    (only,) = of_settings(Known([pruned, evaluated(proposals[1], 0.5)]), 2).finished()
    assert (only.status, only.value) == (Status.COMPLETE, 0.5)


def test_mean_of_very_large_values_is_finite() -> None:
    assert settled([1.7e308, 1.7e308]).value == pytest.approx(1.7e308)
