import pytest

from hyperspool.common.space import Params
from hyperspool.master.analysis.data.frames import StudyData
from tests.master.analysis.answers.answered_grids import answer_to, questions_of, study, text_of

NAN = float("nan")
SOURCES = {"varies": ["none", "initialisation", "shuffling", "dropout", "all"]}
SAME = "Do runs with the same seeds give the same curve?"


def scattered(params: Params, replicate: int) -> list[float]:
    """Curves whose ends vary by source: not at all for "none", most for "all"."""
    size = {"none": 0.0, "initialisation": 0.1, "shuffling": 0.001, "dropout": 0.0009, "all": 0.2}
    return [0.9, 0.3 + size[str(params["varies"])] * (replicate - 1)]


def test_each_source_of_randomness_has_its_spread() -> None:
    data = study(SOURCES, scattered, replicates=3)
    question = "How much of the spread of the final validation error does each source cause?"
    answer = answer_to(data, question)
    assert answer.sentences[0] == (
        "varies none: standard deviation 0.0000 (95% interval 0.0000 to 0.0000), 0.3000 to 0.3000 over 3 runs."
    )
    spread = "standard deviation 0.1000 (95% interval 0.0521 to 0.6285), 0.2000 to 0.4000 over 3 runs"
    assert answer.sentences[1] == f"varies initialisation: {spread}."
    assert "By size: initialisation > shuffling > dropout." in answer.sentences
    assert "Intervals overlap, so the order is uncertain, for shuffling and dropout." in answer.sentences
    assert answer.table is not None
    assert answer.table["standard deviation"].tolist() == pytest.approx([0, 0.1, 0.001, 0.0009, 0.2], abs=1e-12)
    assert "How much of the spread of the final training loss does each source cause?" in questions_of(data)


def test_sources_of_randomness_are_not_ranked_as_settings() -> None:
    asked = questions_of(study(SOURCES, scattered, replicates=3))
    assert not [question for question in asked if "best" in question]


def test_runs_with_equal_seeds_are_compared_to_the_last_bit() -> None:
    data = study(SOURCES, scattered, replicates=3)
    assert text_of(data, SAME) == "Yes: the 3 curves with the same seeds are equal to the last bit."
    curves = data.curves.copy()
    curves.loc[(curves["trial"] == 2) & (curves["epoch"] == 2), "validation_loss"] += 0.25
    sentences = answer_to(StudyData(data.spec, data.trials, curves), SAME).sentences
    assert sentences[:2] == (
        "No: 1 of 3 curves with the same seeds differ from the first.",
        "trials 0 and 2 differ from epoch 2 on, first by 0.25 in the validation loss.",
    )


def test_equal_curves_may_contain_nan() -> None:
    data = study(SOURCES, scattered, replicates=2)
    curves = data.curves.assign(training_loss=NAN)
    assert text_of(StudyData(data.spec, data.trials, curves), SAME).startswith("Yes")
