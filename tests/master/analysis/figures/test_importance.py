from pathlib import Path

from hyperspool.master.analysis.figures.files import save_figure
from hyperspool.master.analysis.figures.importance import REST, figures
from tests.master.analysis.synthetic import make_study_data


def test_each_parameter_has_bars_and_the_caption_counts_trials(tmp_path: Path) -> None:
    (named,) = figures(make_study_data(trials=30, fails=[2], diverges=lambda params: float(params["momentum"]) > 0.8))
    assert "29 COMPLETE trials" in named.caption
    assert "diverged" in named.caption
    assert "1 FAILED" in named.caption
    labels = {label.get_text() for label in named.draw().axes[0].get_yticklabels()}
    assert labels == {"number of filters", "learning rate", "momentum", "mini-batch size", *REST}
    assert save_figure(named, tmp_path).paths[1].is_file()


def test_a_parameter_that_is_left_out_is_named() -> None:
    unit = {"type": "float", "low": 0.0, "high": 1.0}
    space = {"optimiser": ["sgd", "adam"], "momentum": unit | {"when": {"optimiser": ["sgd"]}}, "x": unit}
    (named,) = figures(make_study_data(space, trials=30, objective="mine"))
    assert "not every trial has a value for them: momentum" in named.caption


def test_a_small_study_has_no_such_figure() -> None:
    assert figures(make_study_data(trials=9)) == []
