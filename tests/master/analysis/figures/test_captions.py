from hyperspool.master.analysis.figures.captions import (
    caption,
    diverged_sentence,
    drawn_sentence,
    first_sentence,
    left_out_sentence,
)
from hyperspool.master.analysis.measures.drawn_trials import drawn_trials
from tests.master.analysis.synthetic import make_study_data


def test_a_caption_leaves_out_sentences_that_do_not_apply() -> None:
    assert caption("One.", False, "", "Two.") == "One. Two."


def test_the_sentence_about_trials_counts_diverged_and_failed_ones() -> None:
    data = make_study_data(trials=10, fails=[2, 5], diverges=lambda params: float(params["momentum"]) > 0.5)
    diverged = int(drawn_trials(data)["diverged"].sum())
    assert drawn_sentence(data).startswith(f"8 COMPLETE trials. {diverged} of them diverged")
    assert drawn_sentence(data).endswith("2 FAILED trials are left out.")


def test_one_trial_and_several_have_a_verb_each() -> None:
    assert left_out_sentence(1, "trial", "without a time") == "1 trial without a time is left out."
    assert left_out_sentence(2, "trial") == "2 trials are left out."
    assert diverged_sentence(2, "2 replicates") == "2 replicates diverged and count with the error of guessing."
    assert diverged_sentence(1) == "1 of them diverged and counts with the error of guessing."


def test_what_does_not_apply_has_no_sentence() -> None:
    assert left_out_sentence(0, "trial") == diverged_sentence(0) == first_sentence(3, 3) == ""
    assert first_sentence(3, 5) == "The first 3 of 5 parameters are shown."
