from pathlib import Path

from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.files import save_figure
from hyperspool.master.analysis.figures.style import new_figure


def figure_of(label: str) -> NamedFigure:
    drawn, axes = new_figure(6.4, 4.0)
    axes[0, 0].set_xlabel(label)
    return NamedFigure("some-figure", "title", "caption", lambda: drawn)


def test_a_figure_is_saved_as_png_and_as_svg(tmp_path: Path) -> None:
    saved = save_figure(figure_of("x"), tmp_path / "new")
    png, svg = saved.paths
    assert png.read_bytes().startswith(b"\x89PNG")
    assert svg.read_bytes() == saved.svg
    assert (saved.width, saved.height) == (614, 384)


def test_the_same_figure_is_saved_as_the_same_bytes(tmp_path: Path) -> None:
    first, second = (save_figure(figure_of("x"), tmp_path / name).svg for name in ("a", "b"))
    assert first == second


def test_letters_that_the_font_lacks_give_no_warning(tmp_path: Path) -> None:
    # Warnings are errors here.
    save_figure(figure_of("学習率 ഠ ก"), tmp_path)
