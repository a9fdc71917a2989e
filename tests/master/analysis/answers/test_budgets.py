from hyperspool.master.analysis.answers.budgets import best_within
from hyperspool.master.analysis.measures.epoch_metric import EpochMetric, find_epoch_metric
from tests.master.analysis.answers.answered_grids import falling, study, text_of

ERROR = EpochMetric("validation_error")


def test_the_best_setting_differs_between_epochs_and_seconds() -> None:
    # An epoch's time grows with the square of the filters: by the clock, few filters win.
    data = study(
        {"num_filters": [1, 2, 4]}, falling, replicates=2, seconds=lambda params: float(params["num_filters"]) ** 2
    )
    by_epochs = text_of(data, "Which number of filters is best for a given number of epochs?")
    assert (
        "Within 2 epochs: number of filters 4, with a validation error of 0.1116; next is 2 with 0.2005." in by_epochs
    )
    assert "With a larger budget the best number of filters stays the same." in by_epochs
    assert "number of filters 4 is the highest value tried" in by_epochs
    by_time = text_of(data, "Which number of filters is best for a given training time?")
    assert "Within 8.00 s: number of filters 1, with a validation error of 0.1116; next is 2 with 0.2005." in by_time


def test_a_diverged_curve_is_not_the_best_within_its_budget() -> None:
    data = study({"num_filters": [1, 2, 4]}, falling)
    data.trials.loc[2, "diverged"] = True
    assert "number of filters 2, with" in text_of(data, "Which number of filters is best for a given number of epochs?")


def test_the_best_within_a_budget_have_the_lowest_curves() -> None:
    curves = {1: [0.5, 0.1, 0.2], 2: [0.4, 0.4, 0.05], 4: [0.4, 0.3, 0.3]}
    data = study(
        {"num_filters": [1, 2, 4]},
        lambda params, _: curves[int(params["num_filters"])],
        seconds=lambda params: float(params["num_filters"]),
    )
    first = best_within(data, ERROR, 2, epochs=1)
    assert first.to_dict("list") == {
        "trial": [1, 2],
        "value": [0.4, 0.4],
        "epoch": [1, 1],
        "elapsed_s": [2.0, 4.0],
        "params_num_filters": [2, 4],
    }
    assert best_within(data, ERROR, 9, epochs=3)["trial"].tolist() == [1, 0, 2]
    assert best_within(data, ERROR, 9, epochs=3)["epoch"].tolist() == [3, 2, 2]
    timed = best_within(data, ERROR, 9, seconds=3.5)
    assert timed[["trial", "value", "epoch"]].to_numpy().tolist() == [[0, 0.1, 2], [1, 0.4, 1]]
    assert best_within(data, ERROR, 9, seconds=0.5).columns.tolist() == first.columns.tolist()
    assert best_within(data, ERROR, 9, seconds=0.5).empty


def test_a_lower_error_is_better_even_when_maximising() -> None:
    data = study({"num_filters": [1, 2]}, lambda params, _: [1 / float(params["num_filters"])], direction="maximise")
    assert find_epoch_metric(data) == ERROR
    assert best_within(data, ERROR, 1, epochs=1)["value"].tolist() == [0.5]


def test_snapshots_are_named_where_value_and_curve_differ() -> None:
    space = {"num_filters": [1, 2, 4], "snapshots": True}
    assert "curve is the single network's" in text_of(
        study(space, falling), "Which number of filters is best for a given number of epochs?"
    )
