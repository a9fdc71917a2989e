"""Legends and colour bars, which explain the colours and marks of a figure."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, NullFormatter

from hyperspool.master.analysis.figures.axes import log_locator
from hyperspool.master.analysis.figures.style import RC
from hyperspool.master.analysis.figures.texts import plain, shortened, tick_text, width_in

MAX_ENTRIES = 10
"""Nobody reads a legend of more entries than this."""
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)))
LONGEST_LABEL = 80
LINE_IN = 0.17
"""Height of a legend's line in inches."""
_HANDLE_IN = 0.45
"""Width of an entry's line or mark and of the space around it, in inches."""
_Place = Literal["outside lower left", "outside lower center", "outside lower right"]
_PLACES: dict[int, tuple[_Place, ...]] = {
    1: ("outside lower center",),
    2: ("outside lower left", "outside lower right"),
    3: ("outside lower left", "outside lower center", "outside lower right"),
}


class Legend(NamedTuple):
    """Entries that belong together, with or without a title."""

    entries: Sequence[Artist]
    title: str = ""

    def width_in(self, rows: int) -> float:
        """Its width in inches, with its entries in `rows` rows."""
        widths = [_HANDLE_IN + width_in(str(one.get_label())) for one in self.entries]
        # matplotlib fills column by column; each is as wide as its widest entry.
        columns = np.array_split(widths, self.columns(rows))
        return max(sum(float(column.max()) for column in columns), width_in(self.title))

    def columns(self, rows: int) -> int:
        """How many columns its entries take in `rows` rows."""
        return -(-len(self.entries) // rows)


def labelled(plot: Axes) -> list[Artist]:
    """Entries of a legend for the lines and areas of a plot that were drawn with a label."""
    return plot.get_legend_handles_labels()[0]


def entry(label: str, **line: Any) -> Line2D:
    """An entry of a legend for a line or a mark; its properties are those of a `Line2D`."""
    return Line2D([], [], label=plain(shortened(label, LONGEST_LABEL)), **line)


def area_entry(label: str, **patch: Any) -> Patch:
    """An entry of a legend for an area; its properties are those of a `Patch`."""
    return Patch(label=plain(shortened(label, LONGEST_LABEL)), **patch)


def add_legends(figure: Figure, legends: Sequence[Legend]) -> None:
    """Add up to three legends side by side below all plots of a figure, which grows by their height.

    They stand outside the plots, so no line can cross them. Legends without entries are left out.
    """
    legends = [legend for legend in legends if legend.entries]
    if not legends:
        return
    room_in, height_in = figure.get_size_inches()
    most = max(len(legend.entries) for legend in legends)
    rows = next((n for n in range(1, most) if sum(legend.width_in(n) for legend in legends) <= room_in), most)
    figure.set_size_inches(room_in, height_in + 0.1 + LINE_IN * (rows + any(legend.title for legend in legends)))
    with mpl.rc_context(RC):
        for legend, place in zip(legends, _PLACES[len(legends)], strict=True):
            figure.legend(
                handles=legend.entries,
                title=plain(legend.title) or None,
                title_fontsize=RC["legend.fontsize"],
                loc=place,
                ncols=legend.columns(rows),
                columnspacing=1.2,
            )


def add_colour_bar(
    figure: Figure, plots: Iterable[Axes], norm: Normalize, colour_map: Colormap, label: str
) -> Colorbar:
    """Add a colour bar beside the plots that it explains."""
    with mpl.rc_context(RC):
        bar = figure.colorbar(ScalarMappable(norm, colour_map), ax=list(plots), label=plain(label), pad=0.02)
    if isinstance(norm, LogNorm):
        bar.set_ticks(log_locator(norm.vmin or 1.0, norm.vmax or 1.0))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
    bar.outline.set_visible(False)
    bar.ax.grid(visible=False)
    return bar
