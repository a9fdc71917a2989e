from pathlib import Path

from hyperspool.master.analysis.figures.files import save_figure
from hyperspool.master.analysis.figures.pairs import figures, pair_figure, shown_axes
from tests.master.analysis.synthetic import SPACE, make_study_data

UNIT = {"type": "float", "low": 0.0, "high": 1.0}


def test_every_two_parameters_have_a_panel(tmp_path: Path) -> None:
    (named,) = figures(make_study_data(trials=30))
    panels = 4 * 3 // 2
    assert len(named.draw().axes) == panels + 1  # the colour bar
    assert save_figure(named, tmp_path).paths[1].is_file()


def test_one_colour_bar_names_the_value() -> None:
    bar = pair_figure(make_study_data(trials=30)).axes[-1]
    assert bar.get_ylabel() == "validation error (lower is better)"


def test_of_many_parameters_the_less_important_are_only_named() -> None:
    data = make_study_data({f"weight_{number}": UNIT for number in range(8)}, trials=60, objective="mine")
    (named,) = figures(data)
    shown = {axis.label for axis in shown_axes(data)}
    assert len(shown) == 6
    left_out = named.caption.split("left out: ")[1].rstrip(".").split(", ")
    assert shown | set(left_out) == {f"weight_{number}" for number in range(8)}


def test_choices_and_inactive_parameters_can_be_drawn(tmp_path: Path) -> None:
    space = {"optimiser": ["sgd", "adam"], "momentum": UNIT | {"when": {"optimiser": ["sgd"]}}, "x": UNIT}
    (named,) = figures(make_study_data(space, trials=20, objective="mine", direction="maximise"))
    assert "not active" in named.caption
    assert save_figure(named, tmp_path).paths[0].is_file()


def test_one_parameter_has_no_pairs() -> None:
    assert figures(make_study_data({"momentum": SPACE["momentum"]}, trials=20)) == []
