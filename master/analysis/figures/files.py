"""The files of a figure: SVG for pages and papers, PNG for everything else."""

import io
import warnings
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
class SavedFigure:
    """A figure's files, and what a page needs to show it.

    Attributes:
        paths: the PNG file and the SVG file.
        svg: the text of the SVG file.
        width: in CSS pixels.
        height: in CSS pixels.
    """

    paths: tuple[Path, Path]
    svg: bytes
    width: int
    height: int


def save_figure(figure: NamedFigure, folder: Path) -> SavedFigure:
    """Draw a figure and write `<name>.png` and `<name>.svg` into `folder`, which is made if necessary.

    Raises:
        OSError: the folder cannot be written. Each file is either complete or unchanged.
    """
    atomic.make_folder(folder)
    written: dict[str, bytes] = {}
    with mpl.rc_context(SVG_SETTINGS), warnings.catch_warnings():
        # A parameter's values may be in any script. A letter that the font lacks is drawn as a box, which is enough.
        for message in MISSING_LETTERS:
            warnings.filterwarnings("ignore", message, UserWarning)
        drawn = figure.draw()
        _lay_out(drawn)
        name_parts(drawn)
        written["png"], written["svg"] = _png(drawn), _svg(drawn)
        written["svg"] = compact(written["svg"], figure.name, drawn)
        for ending, content in written.items():
            atomic.replace(folder / f"{figure.name}.{ending}", content, durable=False)
    width, height = (round(inches * CSS_DPI) for inches in drawn.get_size_inches())
    paths = (folder / f"{figure.name}.png", folder / f"{figure.name}.svg")
    return SavedFigure(paths, written["svg"], width, height)


def _lay_out(figure: Figure) -> None:
    """Lay a figure out once for both of its files."""
    figure.set_dpi(PNG_DPI)
    if engine := figure.get_layout_engine():
        engine.execute(figure)
        figure.set_layout_engine("none")


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
