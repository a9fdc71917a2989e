import pytest

from hyperspool.master.analysis.figures.legends import Legend, add_legends, entry
from hyperspool.master.analysis.figures.style import new_figure


@pytest.mark.parametrize("count", [1, 5, 10])
def test_a_legend_stands_below_the_plot_and_inside_the_figure(count: int) -> None:
    figure, axes = new_figure()
    add_legends(
        figure, [Legend([entry(f"a rather long label {place}") for place in range(count)], "title"), Legend([])]
    )
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box, whole = legend.get_window_extent(), figure.bbox
    assert whole.x0 <= box.x0 < box.x1 <= whole.x1
    assert whole.y0 <= box.y0
    assert box.y1 <= axes[0, 0].get_tightbbox().y0


@pytest.mark.parametrize("count", [1, 9])
def test_a_legend_takes_no_height_from_the_plot(count: int) -> None:
    heights = []
    for entries in ([], [entry(f"a rather long label {place}") for place in range(count)]):
        figure, axes = new_figure()
        add_legends(figure, [Legend(entries)])
        figure.draw_without_rendering()
        heights.append(axes[0, 0].get_window_extent().height)
    assert heights[1] == pytest.approx(heights[0], rel=0.05)


def test_legends_beside_each_other_do_not_touch() -> None:
    figure, _ = new_figure(9.0, 3.6)
    words = ["a rather long label", "learning rate", "marks"]
    add_legends(figure, [Legend([entry(f"{word} {place}") for place in range(3)], word) for word in words])
    figure.draw_without_rendering()
    boxes = sorted((legend.get_window_extent() for legend in figure.legends), key=lambda box: box.x0)
    assert boxes[0].x1 < boxes[1].x0
    assert boxes[1].x1 < boxes[2].x0


def test_without_entries_there_is_no_legend() -> None:
    figure, _ = new_figure()
    add_legends(figure, [Legend([])])
    assert figure.legends == []
