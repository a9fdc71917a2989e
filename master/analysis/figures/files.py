"""The files of a figure: SVG for pages and papers, PNG for everything else."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from hyperspool.common import atomic
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.marks import name_parts
from hyperspool.master.analysis.figures.svg import compact

PNG_DPI = 150
CSS_DPI = 96
PNG_EFFORT = 2
"""Of 9. More takes twice the time and saves a tenth of the bytes."""
SVG_SETTINGS: dict[Any, Any] = {"svg.hashsalt": "hyperspool", "svg.fonttype": "none"}
"""The same study gives the same file. Words stay words: they can be searched and read aloud, in any script."""
MISSING_LETTERS = (r"Glyph \d+ .*missing from", r"Matplotlib currently does not support .* natively")
"""Patterns of matplotlib's warnings about letters that the font lacks."""


@dataclass(frozen=True)
class Drawing:
    """A figure as a page shows it.

    Attributes:
        svg: the text of its SVG file.
        width: in CSS pixels.
        height: in CSS pixels.
    """

    svg: bytes
    width: int
    height: int


@dataclass(frozen=True)
class SavedFigure(Drawing):
    """A figure with its files.

    Attributes:
        paths: the PNG file and the SVG file.
    """

    paths: tuple[Path, Path]


def save_figure(figure: NamedFigure, folder: Path) -> SavedFigure:
    """Draw a figure and write `<name>.png` and `<name>.svg` into `folder`, which is made if necessary.

    Raises:
        OSError: the folder cannot be written. Each file is either complete or unchanged.
    """
    atomic.make_folder(folder)
    with _settings():
        drawn = _laid_out(figure)
        png = _png(drawn)
        drawing = _drawing(figure, drawn)
    paths = (folder / f"{figure.name}.png", folder / f"{figure.name}.svg")
    for path, content in zip(paths, (png, drawing.svg), strict=True):
        atomic.replace(path, content, durable=False)
    return SavedFigure(drawing.svg, drawing.width, drawing.height, paths)


def draw_figure(figure: NamedFigure) -> Drawing:
    """Draw a figure for a page, without files."""
    with _settings():
        return _drawing(figure, _laid_out(figure))


@contextmanager
def _settings() -> Iterator[None]:
    with mpl.rc_context(SVG_SETTINGS), warnings.catch_warnings():
        # A parameter's values may be in any script. A letter that the font lacks is drawn as a box, which is enough.
        for message in MISSING_LETTERS:
            warnings.filterwarnings("ignore", message, UserWarning)
        yield


def _laid_out(figure: NamedFigure) -> Figure:
    """Draw a figure's artists and lay them out, once for both of its files."""
    drawn = figure.draw()
    drawn.set_dpi(PNG_DPI)
    if engine := drawn.get_layout_engine():
        engine.execute(drawn)
        drawn.set_layout_engine("none")
    name_parts(drawn)
    return drawn


def _drawing(figure: NamedFigure, drawn: Figure) -> Drawing:
    width, height = (round(inches * CSS_DPI) for inches in drawn.get_size_inches())
    return Drawing(compact(_svg(drawn), figure.name, drawn), width, height)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    # `savefig` would draw the figure a second time, to lay it out.
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(buffer, pil_kwargs={"compress_level": PNG_EFFORT})
    return buffer.getvalue()


def _svg(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(buffer, metadata={"Date": None})
    return buffer.getvalue()
