import pytest

from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.answers.catalogue import answers
from hyperspool.master.analysis.answers.finalists import best_finalist
from hyperspool.master.analysis.data.phases import of_search
from hyperspool.master.analysis.measures.finalists import finalist_sample, finalists_rows, finalists_verdict
from hyperspool.master.results.finalists import finalists
from hyperspool.master.search.known import Evaluation
from tests.conftest import spec_of
from tests.master.analysis.searched import searched
from tests.master.played import evaluation

X = [{"x": value / 10} for value in range(4)]


def confirmed(direction: str = "minimise", replicates: int = 3, finalists: int = 2) -> StudySpec:
    return spec_of(
        trials=4,
        objective={"name": "mine", "direction": direction},
        confirm={"finalists": finalists, "replicates": replicates},
    )


def seen(*values: float | None, fresh: dict[int, list[float | None]]) -> list[Evaluation]:
    """The evaluations of a search and of its finalists' replicates, given by the finalist's first trial."""
    found = [evaluation(trial, dict(X[trial]), value) for trial, value in enumerate(values)]
    for setting, (trial, own) in enumerate(fresh.items()):
        for number, value in enumerate(own):
            stage = {"kind": "confirmation", "setting": setting, "replicate": number}
            found.append(evaluation(len(found), dict(X[trial]), value, **stage))
    return found


LUCKY = seen(0.5, 0.1, 0.2, 0.9, fresh={1: [0.32, 0.30, 0.31], 2: [0.20, 0.21, 0.22]})


def test_finalists_are_ordered_by_their_fresh_replicates_alone() -> None:
    found = finalists(LUCKY, "minimise")
    assert [(one.trial, one.searched.mean, finalist_sample(one).values) for one in found] == [
        (2, 0.2, (0.20, 0.21, 0.22)),
        (1, 0.1, (0.32, 0.30, 0.31)),
    ]
    assert found[0].mean == pytest.approx(0.21)
    assert [one.trial for one in finalists(LUCKY, "maximise")] == [1, 2]


def test_a_clear_winner_is_named_beside_its_search_value() -> None:
    verdict = finalists_verdict(confirmed(), finalists(LUCKY, "minimise"))
    assert verdict[0] == "Trial 2's setting wins: by the replicates it is better than every other finalist."
    assert verdict[1].startswith("Against the next best: trial 2's setting is better than trial 1's setting, by 0.07")
    assert verdict[2].startswith("In the search trial 2's setting had 0.2000; the mean of its 3 fresh replicates")
    assert verdict[2].endswith("is 0.2100.")


def test_undecided_finalists_come_with_the_replicates_needed() -> None:
    found = seen(0.5, 0.1, 0.2, 0.3, fresh={1: [0.3, 0.1, 0.5], 2: [0.2, 0.4, 0.35], 3: [0.9, 0.91, 0.92]})
    spec = confirmed(finalists=3)
    verdict = finalists_verdict(spec, finalists(found, "minimise"))
    assert verdict[0] == (
        "Undecided: trial 1's setting has the best mean, but by the replicates trial 2 may be as good or better."
    )
    assert "replicates of each would be needed" in verdict[1]


def test_a_single_finalist_has_an_estimate_but_no_comparison() -> None:
    spec = confirmed(finalists=1)
    found = finalists(seen(0.5, 0.1, 0.2, 0.3, fresh={1: [0.2, 0.3, 0.4]}), "minimise")
    verdict = finalists_verdict(spec, found)
    assert len(verdict) == 1
    assert verdict[0].startswith("In the search trial 1's setting had 0.1000; the mean of its 3 fresh replicates, ")
    assert verdict[0].endswith(" is 0.3000.")


def test_finalists_whose_replicates_failed_come_last() -> None:
    found = finalists(seen(0.5, 0.1, 0.2, 0.9, fresh={1: [None, None, None], 2: [0.2, None, 0.4]}), "minimise")
    assert [one.trial for one in found] == [2, 1]
    assert finalists_rows(found)[1] == ("1", "-", "-", "-", "0", "0.1000")
    assert finalists_rows(found)[0][-3:] == ("0.3000", "2", "0.2000")
    nothing = finalists(seen(0.5, 0.1, 0.2, 0.9, fresh={1: [None] * 3, 2: [None] * 3}), "minimise")
    assert finalists_verdict(confirmed(), nothing) == ("No replicate of a finalist has a value.",)


def noisy(trial: int, params: Params) -> float:
    """The trial with the best value in the search is lucky, but not the best."""
    return float(params["x"]) + (0.01 * (trial % 5) if trial >= 4 else 0.0)


def test_finalists_replicates_count_in_their_own_answer_alone() -> None:
    data = searched(confirmed(), noisy)
    assert len(data.trials) == 10
    answer = best_finalist(data)[0]
    assert answer.table is not None
    assert list(answer.table["replicates"]) == [3, 3]
    assert list(of_search(data).trials["trial"]) == [0, 1, 2, 3]
    assert of_search(searched(spec_of(), noisy)).trials.shape[0] == 4


def test_without_replicates_there_is_no_answer_on_finalists() -> None:
    assert best_finalist(searched(confirmed(), noisy, done=4)) == []
    assert best_finalist(searched(spec_of(), noisy)) == []


def test_finalists_come_first_among_the_answers() -> None:
    assert answers(searched(confirmed(), noisy))[0].question == "Which finalist is best?"
