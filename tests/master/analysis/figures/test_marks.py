import json
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from hyperspool.master.analysis.figures import (
    best_so_far,
    curves,
    front,
    pairs,
    parallel_coordinates,
    rungs,
    timeline,
    times,
    value_panels,
)
from hyperspool.master.analysis.figures.dots import draw_trials
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.files import save_figure
from hyperspool.master.analysis.figures.marks import mark_trials
from hyperspool.master.analysis.figures.style import new_figure
from tests.master.analysis.synthetic import make_study_data, with_goals, with_rungs

X = np.array([1.0, 2.0, np.nan, 4.0])


def saved(figure: Figure, folder: Path) -> ET.Element:
    return parsed(NamedFigure("some-figure", "title", "caption.", lambda: figure), folder)


def parsed(figure: NamedFigure, folder: Path) -> ET.Element:
    return ET.fromstring(save_figure(figure, folder).svg)  # noqa: S314 - it was written just now


def marks_of(root: ET.Element) -> list[tuple[list[str], int]]:
    """What each group of marks stands for, and how many marks it has."""
    groups = [group for group in root.iter() if group.get("data-trials")]
    return [
        (group.attrib["data-trials"].split(), sum(not each.tag.endswith("defs") for each in group)) for group in groups
    ]


def test_each_dot_knows_its_trial_and_undrawn_ones_have_none(tmp_path: Path) -> None:
    figure, axes = new_figure()
    draw_trials(axes[0, 0], X, X, np.array([False, True, False, False]), trials=[10, 11, 12, 13])
    assert marks_of(saved(figure, tmp_path)) == [(["11"], 1), (["10", "13"], 2)]


def test_a_line_may_stand_for_several_trials(tmp_path: Path) -> None:
    figure, axes = new_figure()
    lines = LineCollection([[(0, 0), (1, 1)], [(0, 1), (1, 0)]])
    mark_trials(lines, [[3, 4], [5]])
    axes[0, 0].add_collection(lines)
    assert marks_of(saved(figure, tmp_path)) == [(["3.4", "5"], 2)]


@pytest.mark.parametrize(
    "module", [best_so_far, curves, pairs, parallel_coordinates, timeline, times, value_panels, rungs, front]
)
def test_every_trial_has_a_mark_in_each_figure(module: object, tmp_path: Path) -> None:
    data = make_study_data(trials=12, epochs=9, objective="mine" if module is front else "cnn")
    data = with_rungs(data) if module is rungs else with_goals(data) if module is front else data
    for figure in module.figures(data):  # type: ignore[attr-defined]
        root = parsed(figure, tmp_path)
        words = [word for group, _ in marks_of(root) for word in group]
        found = {int(number) for word in words for number in word.split(".")}
        assert found == (set() if figure.name == "hypervolume" else set(range(12)))


def test_a_figure_says_what_its_plots_span(tmp_path: Path) -> None:
    figure, axes = new_figure(4.0, 2.0)
    plot = axes[0, 0]
    plot.set_xscale("log")
    plot.set(xlim=(0.1, 10), ylim=(3, 1))
    plot.set_yticks([1, 2], ["one", "two"])
    (table,) = json.loads(saved(figure, tmp_path).attrib["data-plots"])
    left, upper, right, lower = table["box"]
    assert 0 < left < right < 4 * 72
    assert 0 < upper < lower < 2 * 72
    assert table["x"] == {"limits": [0.1, 10], "scale": "log"}
    assert table["y"] == {"limits": [3, 1], "scale": "linear", "ticks": [[1, "one"], [2, "two"]]}


def test_what_is_drawn_says_how_it_moves_with_the_data(tmp_path: Path) -> None:
    figure, axes = new_figure()
    plot = axes[0, 0]
    plot.plot([1, 2], [1, 2])
    plot.axhline(1.5)
    plot.annotate("note", (1, 1.5), xycoords=("axes fraction", "data"), xytext=(4, -3), textcoords="offset points")
    groups = [group for group in saved(figure, tmp_path).iter() if group.get("data-moves") is not None]
    assert [(group.get("data-moves"), group.get("data-offset")) for group in groups] == [
        ("xy", None),
        ("y", None),
        ("y", "4 3"),
    ]


def test_figures_on_one_page_share_no_id(tmp_path: Path) -> None:
    data = make_study_data(trials=12)
    ids = [
        element.attrib["id"]
        for figure in pairs.figures(data) + value_panels.figures(data)
        for element in parsed(figure, tmp_path).iter()
        if "id" in element.attrib
    ]
    assert ids
    assert len(set(ids)) == len(ids)
    assert all(each.startswith(("pairs-", "value-by-parameter-")) for each in ids)
