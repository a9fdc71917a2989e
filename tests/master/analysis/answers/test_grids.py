import pytest

from hyperspool.common.space import Params
from hyperspool.master.analysis.data.frames import StudyData
from tests.master.analysis.answers.answered_grids import RATES, answer_to, questions_of, study, text_of
from tests.master.analysis.synthetic import make_study_data

BEST_EACH = "Which learning rate is best for each mini-batch size?"


def test_the_best_learning_rate_is_named_for_each_batch_size() -> None:
    errors = {(0.01, 20): 0.1, (0.1, 20): 0.2, (1.0, 20): 0.9, (0.01, 100): 0.3, (0.1, 100): 0.05, (1.0, 100): 0.9}

    def curve(params: Params, replicate: int) -> list[float]:
        return [errors[float(params["learning_rate"]), int(params["batch_size"])] + 0.001 * replicate]

    data = study(RATES, curve, replicates=3)
    value, sure = "with a mean validation error of {} over 3 replicates", "and the replicates confirm that"
    assert answer_to(data, BEST_EACH).sentences == (
        f"mini-batch size 20: learning rate 0.01 is best, {value.format('0.1010')}; next is 0.1 with 0.2010, {sure}.",
        f"mini-batch size 100: learning rate 0.1 is best, {value.format('0.0510')}; next is 0.01 with 0.3010, {sure}.",
        "As the mini-batch size rises, the best learning rate rises.",
        "learning rate 0.01 is the lowest value tried: a better value may lie beyond.",
    )
    table = answer_to(data, BEST_EACH).table
    assert table is not None
    assert table["best learning rate"].tolist() == [0.01, 0.1]


def test_an_undecided_best_value_is_called_undecided() -> None:
    data = study(
        RATES, lambda params, replicate: [float(params["learning_rate"]) / 100 + 0.1 * replicate], replicates=3
    )
    assert "but the replicates leave that undecided" in text_of(data, BEST_EACH)


def test_a_study_that_maximises_ranks_the_highest_first() -> None:
    data = study(RATES, lambda params, _: [float(params["learning_rate"])], direction="maximise")
    assert text_of(data, BEST_EACH).startswith("mini-batch size 20: learning rate 1 is best")


def test_every_pair_of_listed_parameters_is_asked_about() -> None:
    data = make_study_data({"momentum": [0.0, 0.9], "learning_rate": [0.01, 0.1], "num_filters": [8, 16]})
    asked = [question for question in questions_of(data) if "is best for each" in question]
    assert asked == [
        "Which learning rate is best for each momentum?",
        "Which momentum is best for each number of filters?",
        "Which learning rate is best for each number of filters?",
    ]


def test_epoch_times_are_compared_at_equal_other_parameters() -> None:
    data = study(
        {"batch_size": [20, 100], "num_filters": [8, 16]},
        lambda *_: [0.1],
        seconds=lambda params: float(params["num_filters"]) * (3.0 if params["batch_size"] == 20 else 1.0) / 100,
    )
    # Without the slow setting of batch size 100, medians over all settings would compare different mixtures.
    keep = ~((data.trials["params_batch_size"] == 100) & (data.trials["params_num_filters"] == 16))
    part = StudyData(data.spec, data.trials[keep], data.curves[data.curves["trial"].isin(data.trials[keep]["trial"])])
    question = "How does the time of an epoch depend on the mini-batch size?"
    assert "An epoch takes 0.0800 s with mini-batch size 100; 3.00 times as long with 20 (0.240 s)." in text_of(
        part, question
    )
    assert "The other parameters are equal in each comparison: 1 combination." in text_of(part, question)
    table = answer_to(data, "How does the time of an epoch depend on the number of filters?").table
    assert table is not None
    assert table["ratio"].tolist() == pytest.approx([1.0, 2.0])


def test_epoch_times_are_not_compared_between_learning_rates() -> None:
    data = study(RATES, lambda *_: [0.1], seconds=lambda params: float(params["learning_rate"]))
    assert "How does the time of an epoch depend on the learning rate?" not in questions_of(data)


def test_epochs_without_a_time_are_not_compared() -> None:
    data = study(RATES, lambda *_: [0.1], seconds=lambda _: 0.0)
    assert not [question for question in questions_of(data) if "time of an epoch" in question]
