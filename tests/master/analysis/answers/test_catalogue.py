import pytest

from hyperspool.master.analysis.answers.catalogue import answers
from hyperspool.master.analysis.data.frames import StudyData
from tests.master.analysis.answers.answered_grids import RATES
from tests.master.analysis.synthetic import SPACE, make_study_data


def test_a_study_without_results_has_no_answers() -> None:
    data = make_study_data(SPACE, trials=3)
    assert answers(StudyData(data.spec, data.trials.iloc[:0], data.curves.iloc[:0])) == []


@pytest.mark.parametrize(
    "data",
    [
        make_study_data(SPACE, trials=12, objective="mine", has_curves=False),
        make_study_data(SPACE, trials=4, fails=(0, 1, 2, 3)),
        make_study_data(RATES, fails=(0, 3)),
        make_study_data(
            {"method": ["a", "b"], "beta": {"type": "categorical", "choices": [1, 2], "when": {"method": "b"}}},
            objective="mine",
        ),
        make_study_data({"learning_rate": 0.1}, replicates=3),
        make_study_data({"flag": [True, False], "mixed": [1, "a"]}, objective="mine"),
    ],
    ids=["no curves", "all failed", "gaps", "conditions", "one setting", "no numbers"],
)
def test_every_answer_has_sentences_whatever_the_study(data: StudyData) -> None:
    for answer in answers(data):
        assert answer.question.endswith("?")
        assert answer.sentences
        for sentence in answer.sentences:
            assert sentence.endswith(".")
            assert "nan" not in sentence.split()
