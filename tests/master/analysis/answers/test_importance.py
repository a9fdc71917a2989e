from typing import Any

import pandas as pd
import pytest

from hyperspool.master.analysis.answers import importance as answers_on_importance
from hyperspool.master.analysis.answers.importance import QUESTION, which_matter
from hyperspool.master.analysis.measures.importance import FANOVA, PED_ANOVA, Importances
from tests.master.analysis.answers.answered_grids import RATES, questions_of, study
from tests.master.analysis.synthetic import SPACE, make_study_data

NO_INTERVAL = (float("nan"),) * 2


def ranked(method: str, *rows: tuple[str, float, float, float]) -> list[tuple[Any, ...]]:
    return [(name, f"the {name}", method, *numbers) for name, *numbers in rows]


def sentences_of(rows: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, **other: Any) -> tuple[str, ...]:
    """The sentences of the answer on given importances."""
    table = pd.DataFrame(rows, columns=["parameter", "label", "method", "importance", "low", "high"])
    known: dict[str, Any] = {
        "trials": 100,
        "best": 10,
        "together": 0.05,
        "unexplained": 0.15,
        "intervals_from": 80,
        "left_out": (),
        "reason": None,
    }
    found = Importances(table, **(known | other))
    monkeypatch.setattr(answers_on_importance, "importances", lambda _: found)
    (answer,) = which_matter(make_study_data(SPACE, trials=3))
    assert answer.table is not None
    assert answer.table.columns.tolist() == ["parameter", "method", "importance", "low", "high"]
    return answer.sentences


def test_each_method_names_its_most_important_parameter_and_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = ranked(FANOVA, ("b", 0.3, 0.2, 0.4), ("a", 0.7, 0.6, 0.8))
    rows += ranked(PED_ANOVA, ("b", 0.6, *NO_INTERVAL), ("a", 0.4, *NO_INTERVAL))
    assert sentences_of(rows, monkeypatch) == (
        (
            "By fANOVA, the a by itself explains more of how the validation error varies over the whole space than any "
            "other parameter (70%, 90% interval 60% to 80%); no other parameter's interval overlaps with that."
        ),
        (
            "By PED-ANOVA, the b distinguishes the best 10 trials most from all trials (60%). These shares have no "
            "interval, so similar ones cannot be ordered."
        ),
        "The methods differ because one looks at the whole space and the other at the best trials.",
        (
            "One by one, parameters explain 80% of the variance, and two at a time 5% more; 15% is not explained by "
            "the model: chance, or more than it can show."
        ),
    )


def test_overlapping_intervals_and_a_method_without_result_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = ranked(FANOVA, ("a", 0.4, 0.1, 0.6), ("b", 0.3, 0.1, 0.4), ("c", 0.3, 0.1, 0.4))
    nothing = (float("nan"),) * 3
    rows += ranked(PED_ANOVA, ("a", *nothing), ("b", *nothing), ("c", *nothing))
    found = sentences_of(rows, monkeypatch, left_out=("the d", "the e"), together=0.0, unexplained=0.004)
    assert found[0].endswith(
        "the intervals of the b and the c overlap with that, so it is uncertain which matters most."
    )
    assert found[1] == "PED-ANOVA gives no result: too many trials are as good as the best."
    assert "One by one, parameters explain 100% of the variance." in found
    assert "The methods differ" not in " ".join(found)
    assert found[-1] == "Left out, because not every trial has a value for them: the d and the e."


def test_a_single_close_parameter_makes_the_first_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ranked(FANOVA, ("a", 0.5, 0.4, 0.6), ("b", 0.4, 0.3, 0.5), ("c", 0.1, 0.0, 0.2))
    assert "the interval of the b overlaps with that" in sentences_of(rows, monkeypatch)[0]


def test_without_intervals_the_answer_says_what_one_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ranked(FANOVA, ("a", 0.5, *NO_INTERVAL), ("b", 0.4, *NO_INTERVAL))
    assert sentences_of(rows, monkeypatch)[0].endswith("(50%). An interval takes 80 trials.")


def test_too_few_trials_are_the_reason_except_for_a_grid() -> None:
    (answer,) = which_matter(make_study_data(SPACE, trials=3))
    assert answer.sentences == ("Importances need at least 10 COMPLETE trials; there are 3.",)
    assert answer.table is None
    assert QUESTION not in questions_of(study(RATES, lambda *_: [0.5]))


def test_a_search_with_enough_trials_ranks_its_parameters() -> None:
    assert QUESTION in questions_of(make_study_data(SPACE, trials=10))
