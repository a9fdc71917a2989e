"""The files of a figure: SVG for pages and papers, PNG for everything else."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

from hyperspool.common import atomic
from hyperspool.master.analysis.figures.figure import NamedFigure

PNG_DPI = 150
CSS_DPI = 96
SVG_SETTINGS: dict[Any, Any] = {"svg.hashsalt": "hyperspool", "svg.fonttype": "path"}
"""The same study gives the same file. Letters are written as paths, so they look alike where the font is missing."""
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
        for ending in ("png", "svg"):
            buffer = io.BytesIO()
            metadata: dict[str, Any] = {"Date": None} if ending == "svg" else {}
            drawn.savefig(buffer, format=ending, dpi=PNG_DPI, metadata=metadata)
            written[ending] = buffer.getvalue()
            atomic.replace(folder / f"{figure.name}.{ending}", written[ending], durable=False)
    width, height = (round(inches * CSS_DPI) for inches in drawn.get_size_inches())
    paths = (folder / f"{figure.name}.png", folder / f"{figure.name}.svg")
    return SavedFigure(paths, written["svg"], width, height)
