import pytest

from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.answers.rounds import narrowing
from hyperspool.master.analysis.data.columns import params_of
from hyperspool.master.analysis.measures.rounds import rounds
from tests.conftest import spec_of
from tests.master.analysis.searched import searched, without_result


def fine(trials: int = 60, direction: str = "minimise", replicates: int = 1, rounds: int = 3) -> StudySpec:
    return spec_of(
        trials=trials,
        batch=7,
        replicates=replicates,
        objective={"name": "mine", "direction": direction},
        sampler={"name": "coarse-to-fine", "rounds": rounds, "keep": 4},
        space={
            "rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True, "coarse": (1e-4, 1e-3, 1e-2, 0.1, 1.0)},
            "width": {"type": "int", "low": 1, "high": 100},
            "kind": ["a", "b", "c"],
            "classes": 10,
        },
    )


def distance(_: int, params: Params) -> float:
    """Best at a width of 70."""
    return abs(float(params["width"]) - 70) / 100


def flat(trial: int, _: Params) -> float:
    """A value that does not depend on the params and looks random."""
    return (trial * 0.6180339887) % 1.0


@pytest.mark.parametrize("replicates", [1, 2])
def test_each_round_has_its_ranges_and_best_trials(replicates: int) -> None:
    data = searched(fine(60 * replicates, replicates=replicates), distance)
    found = rounds(data)
    spans = [(20 * replicates * number, 20 * replicates * (number + 1) - 1) for number in range(3)]
    assert [(each.first, each.last) for each in found] == spans
    first = found[0].ranges()
    assert first == {"rate": "0.0001, 0.001, 0.01, 0.1, 1", "width": "1 to 100", "kind": "a, b, c"}
    for each in found:
        best = sorted(data.trials["value"][each.first : each.last + 1])[:3]
        assert [data.trials["value"][trial] for trial in each.best] == best
        low, high = map(int, each.ranges()["width"].split(" to "))
        assert each.trials["params_width"].between(low, high).all()
        assert low <= 70 <= high


def test_regions_match_the_search_despite_failed_and_diverged_trials() -> None:
    spec = fine(direction="maximise")

    def value(trial: int, params: Params) -> float | None:
        return None if trial % 3 == 1 else float("inf") if trial % 7 == 2 else -distance(trial, params)

    data = searched(spec, value)
    last = rounds(data)[-1]
    assert last.region.root["width"].problem(1) is not None
    assert [last.region.problems(params_of(spec, row)) for _, row in last.trials.iterrows()] == [()] * 20


@pytest.mark.parametrize(("done", "lengths"), [(5, [5]), (20, [20]), (27, [20, 7]), (60, [20, 20, 20])])
def test_a_running_search_lists_the_rounds_that_have_begun(done: int, lengths: list[int]) -> None:
    data = searched(fine(), distance, done)
    assert [len(each.trials) for each in rounds(data)] == lengths
    answer = narrowing(data)[0]
    assert ("The search is not finished" in answer.sentences[-1]) == (done < 60)


def test_rounds_after_an_unreadable_result_are_left_out() -> None:
    torn = without_result(searched(fine(), distance), 3)
    assert [each.is_complete for each in rounds(torn)] == [False]


def test_no_other_search_has_rounds() -> None:
    assert rounds(searched(spec_of(), lambda trial, _: float(trial))) == []
    assert narrowing(searched(spec_of(), lambda trial, _: float(trial))) == []


@pytest.mark.parametrize(("direction", "word"), [("minimise", "lower"), ("maximise", "higher")])
def test_a_real_improvement_is_distinguished_from_chance(direction: str, word: str) -> None:
    sign = 1 if direction == "minimise" else -1
    helped = narrowing(searched(fine(direction=direction), lambda trial, params: sign * distance(trial, params)))[0]
    assert f"On the whole, values are {word} in round 2 than in round 1 (" in "\n".join(helped.sentences)
    chance = narrowing(searched(fine(direction=direction), flat))[0]
    assert f"Values are not clearly {word} in round 2 than in round 1 (" in "\n".join(chance.sentences)
    assert "partly luck" in helped.sentences[-1]


def test_a_worse_round_is_named_and_three_values_undecided() -> None:
    worse = narrowing(searched(fine(), lambda trial, _: trial / 100))[0]
    sentence = (
        "On the whole, values are higher in round 2 than in round 1 (the later value is better in 0% of all pairs;"
    )
    assert sentence in "\n".join(worse.sentences)
    assert "The best value of all is from round 1." in worse.sentences[-1]
    few = narrowing(searched(fine(), distance, done=23))[0]
    assert "Too few values to decide whether they are lower in round 2 than in round 1." in few.sentences


def test_the_table_holds_each_rounds_ranges_and_three_best() -> None:
    answer = narrowing(searched(fine(), lambda trial, _: trial / 100))[0]
    assert answer.table is not None
    assert list(answer.table["trials"]) == ["0 to 19", "20 to 39", "40 to 59"]
    assert answer.table["best trials"][1] == "20 (0.2000), 21 (0.2100), 22 (0.2200)"
    assert list(answer.table.columns) == [
        "round",
        "trials",
        "best",
        "median of all",
        "rate",
        "width",
        "kind",
        "best trials",
    ]


def test_a_long_list_of_values_is_shortened_to_its_ends() -> None:
    rate = {"type": "float", "low": 1.0, "high": 9.0, "coarse": [float(number) for number in range(1, 10)]}
    spec = spec_of(trials=20, sampler={"name": "coarse-to-fine", "rounds": 2}, space={"rate": rate})
    assert rounds(searched(spec, flat))[0].ranges() == {"rate": "9 values from 1 to 9"}
