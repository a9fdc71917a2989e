from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hyperspool.master.analysis.answers.effects import effects
from hyperspool.master.analysis.data.frames import StudyData
from tests.master.analysis.answers.answered_grids import RATES, questions_of, text_of
from tests.master.analysis.synthetic import SPACE, make_study_data

RATE = {"type": "float", "low": 1e-4, "high": 1.0, "log": True}
UNIT = {"type": "float", "low": 0.0, "high": 1.0}
QUESTION = "How does the value go with each parameter?"


def valued(
    space: Mapping[str, object], value: Callable[[pd.DataFrame], "pd.Series[float]"], trials: int = 60
) -> StudyData:
    """A random search whose values are computed from its params."""
    data = make_study_data(space, trials=trials, objective="mine", has_curves=False)
    return replace(data, trials=data.trials.assign(value=value(data.trials)))


def valley(trials: pd.DataFrame) -> "pd.Series[float]":
    """The best rate is 0.003, a third into its range, so that the rank correlation is not 0."""
    return pd.Series((np.log10(trials["params_rate"]) + 2.5) ** 2)


def test_a_valley_has_a_best_region_and_no_direction() -> None:
    data = valued({"rate": RATE}, valley)
    (answer,) = effects(data)
    assert "it has no single direction" in answer.sentences[0]
    assert "the higher" not in answer.sentences[0]
    best = data.trials.nsmallest(12, "value")["params_rate"]
    assert f"the best fifth (12 trials) lies between {best.min():.4g} and {best.max():.4g}" in answer.sentences[0]


@pytest.mark.parametrize("direction", ["minimise", "maximise"])
def test_a_direction_holds_in_both_halves(direction: str) -> None:
    data = make_study_data({"x": UNIT}, trials=40, objective="mine", direction=direction)
    data = replace(data, trials=data.trials.assign(value=data.trials["params_x"] ** 3))
    (answer,) = effects(data)
    ranked = data.trials.sort_values("params_x")["params_x"].tolist()
    best = ranked[:8] if direction == "minimise" else ranked[-8:]
    (sentence,) = answer.sentences
    assert sentence.startswith(f"x: the best fifth (8 trials) lies between {best[0]:.4g} and {best[-1]:.4g}: ")
    assert sentence.endswith(": the higher it is, the higher the value (rank correlation 1.00 over 40 trials).")


def test_a_category_with_the_main_effect_comes_first() -> None:
    medians = {"adam": 0.82, "sgd": 0.23}
    data = valued(
        {"x": UNIT, "optimiser": ["adam", "sgd"], "deep": [True, False]},
        lambda trials: trials["params_optimiser"].map(medians) + 0.001 * trials["params_x"],
    )
    sentences = text_of(data, QUESTION).splitlines()
    assert sentences[0].startswith("optimiser: sgd is best by itself (medians of the value: sgd 0.23")
    assert any(sentence.startswith("deep: no difference beyond chance") for sentence in sentences)


def test_what_goes_with_nothing_is_not_a_finding() -> None:
    random = np.random.default_rng(3)
    data = valued({"x": UNIT}, lambda trials: pd.Series(random.random(len(trials))))
    assert text_of(data, QUESTION).startswith("x: no relation beyond chance")


def test_no_parameter_is_left_out_without_a_word() -> None:
    space = {"kind": ["a", "b"], "x": UNIT, "rare": UNIT | {"when": {"kind": ["a"]}}}
    data = valued(space, lambda trials: trials["params_x"], trials=10)
    assert "Too few trials, or too few different values, for: rare." in text_of(data, QUESTION)


def test_diverged_trials_are_counted() -> None:
    data = make_study_data(SPACE, trials=20)
    data.trials.loc[:3, "diverged"] = True
    question = "How does the validation error go with each parameter?"
    assert text_of(data, question).endswith("4 of 20 trials (20%) diverged; they count with the error of guessing.")
    few = StudyData(data.spec, data.trials.head(7), data.curves)
    assert question not in questions_of(few)


def test_a_grid_is_compared_value_by_value_instead() -> None:
    assert effects(make_study_data(RATES, replicates=2)) == []
