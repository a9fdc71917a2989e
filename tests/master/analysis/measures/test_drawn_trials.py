from hyperspool.master.analysis.measures.drawn_trials import best_first, drawn_trials
from tests.master.analysis.synthetic import make_study_data


def test_failed_trials_are_not_drawn() -> None:
    data = make_study_data(trials=10, fails=[2, 5], diverges=lambda params: float(params["momentum"]) > 0.5)
    assert set(drawn_trials(data)["trial"]) == set(range(10)) - {2, 5}


def test_the_best_comes_first_whatever_is_better() -> None:
    for direction, place in (("minimise", "min"), ("maximise", "max")):
        data = make_study_data(trials=10, objective="mine", direction=direction)
        trials = drawn_trials(data)
        assert best_first(data, trials)["value"].iloc[0] == getattr(trials["value"], place)()
