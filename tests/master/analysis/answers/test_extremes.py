from hyperspool.common.space import Params
from hyperspool.master.analysis.answers.extremes import extremes
from tests.master.analysis.answers.answered_grids import study, text_of

RATES = {"learning_rate": [0.001, 0.01, 0.05, 2.0]}
QUESTION = "What happens at learning rate 0.001 and at learning rate 2?"


def curve(params: Params, replicate: int) -> list[float]:
    """The lowest rate is slow, the highest learns nothing, and 0.05 is the fastest."""
    rate = float(params["learning_rate"])
    if rate > 1:
        return [0.9] * 10
    return [0.9 / (1 + 100 * rate * epoch) + 0.001 * replicate for epoch in range(1, 11)]


def test_both_ends_of_a_grid_are_described() -> None:
    sentences = text_of(study(RATES, curve, replicates=3), QUESTION).splitlines()
    assert sentences == [
        (
            "At learning rate 0.001 the validation error is 0.4510 after 10 epochs, which learning rate 0.05 reaches "
            "after 1 epoch; learning rate 0.05 ends at 0.0186."
        ),
        (
            "At learning rate 2 next to nothing is learned: the validation error is 0.9000 after the first epoch and "
            "0.9000 after 10 epochs; learning rate 0.05 ends at 0.0186."
        ),
        "The curves are medians over the replicates of a value.",
    ]


def test_an_end_that_is_best_asks_for_more() -> None:
    rising = {"num_filters": [1, 2, 4]}
    (answer,) = extremes(study(rising, lambda params, _: [0.9, 1 / float(params["num_filters"])]))
    assert "number of filters 4 ends best, so a better value may lie beyond what was tried." in answer.sentences


def test_two_values_have_no_ends() -> None:
    assert extremes(study({"num_filters": [1, 2]}, lambda *_: [0.9, 0.5])) == []
