from tests.master.analysis.answers.answered_grids import answer_to, falling, questions_of, study, text_of
from tests.master.analysis.synthetic import SPACE, make_study_data, with_goals

BEST_TWO = "Which of the two best settings is better?"
DIVERGED = "Which settings diverged, and when?"


def test_the_best_two_settings_are_compared_by_their_replicates() -> None:
    data = study({"num_filters": [1, 2, 4]}, falling, replicates=3)
    first, second = (f"validation error {value} (mean of 3)" for value in ("0.0313", "0.0598"))
    assert answer_to(data, BEST_TWO).sentences == (
        f"The best two of 3 settings are number of filters 4: {first} and number of filters 2: {second}.",
        "Which of the two is better: number of filters 4 is better than number of filters 2, by 0.0263 to 0.0308.",
    )


def test_setting_that_breaks_a_constraint_is_not_compared() -> None:
    data = with_goals(make_study_data(trials=10, objective="mine"), constraints=["error >= 0"])
    ranked = data.trials.sort_values("value")["trial"].tolist()
    data.trials["keeps_constraints"] = data.trials["trial"] != ranked[0]
    sentence = answer_to(data, BEST_TWO).sentences[0]
    assert sentence.startswith(f"The best two of 9 settings are trial {ranked[1]}: error")


def test_two_random_settings_without_replicates_are_undecided() -> None:
    sentences = answer_to(make_study_data(SPACE, trials=10), BEST_TWO).sentences
    assert "undecided, because each has a single value; at least 3 replicates of each are needed." in sentences[1]


def test_the_diverged_settings_are_named_with_their_epochs() -> None:
    data = study({"num_filters": [1, 2, 4]}, falling, replicates=2)
    data.trials.loc[[2, 4, 5], "diverged"] = True
    data.trials.loc[[2, 4, 5], "epochs"] = [3, 7, 1]
    assert answer_to(data, DIVERGED).sentences == (
        "3 of 6 trials (50%) diverged, in 2 settings.",
        "number of filters 2: 1 of 2 replicates, in epoch 3.",
        "number of filters 4: 2 of 2 replicates, in epochs 1 and 7.",
    )


def test_many_diverged_settings_are_left_to_the_table() -> None:
    data = make_study_data(SPACE, trials=30, diverges=lambda _: True)
    answer = answer_to(data, DIVERGED)
    assert answer.sentences[-1] == "The table has the other 20."
    assert answer.table is not None
    assert len(answer.table) == 30


def test_that_nothing_diverged_is_said_if_there_are_curves() -> None:
    assert text_of(make_study_data(SPACE, trials=3), DIVERGED) == "None of 3 trials diverged."
    assert DIVERGED not in questions_of(make_study_data(SPACE, trials=3, objective="mine", has_curves=False))
