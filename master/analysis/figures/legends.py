"""What explains a figure's colours and lines: legends, colour bars, and texts that matplotlib takes as they are."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter

from hyperspool.master.analysis.figures.readable_axes import log_locator, tick_text
from hyperspool.master.analysis.figures.style import RC

MAX_ENTRIES = 10
"""More than this many entries of a legend nobody reads."""
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)))
LONGEST_LABEL = 80
CHARACTERS_PER_INCH = 14
"""Of a legend's text, on average."""
LINE_IN = 0.17
"""Height of a legend's line in inches."""
_HANDLE_CHARACTERS = 7
_Place = Literal["outside lower left", "outside lower center", "outside lower right"]
_PLACES: dict[int, tuple[_Place, ...]] = {
    1: ("outside lower center",),
    2: ("outside lower left", "outside lower right"),
    3: ("outside lower left", "outside lower center", "outside lower right"),
}


class Legend(NamedTuple):
    """Entries that belong together, under a title or none."""

    entries: Sequence[Line2D]
    title: str = ""

    def characters(self, rows: int) -> int:
        """How wide it is with its entries in so many rows."""
        longest = max(len(str(line.get_label())) for line in self.entries)
        return max(self.columns(rows) * (longest + _HANDLE_CHARACTERS), len(self.title))

    def columns(self, rows: int) -> int:
        """How many columns its entries take in so many rows."""
        return -(-len(self.entries) // rows)


def entry(label: str, **line: Any) -> Line2D:
    """An entry of a legend.

    Args:
        label: its text.
        line: properties of its line.
    """
    return Line2D([], [], label=plain(shortened(label, LONGEST_LABEL)), **line)


def add_legends(figure: Figure, legends: Sequence[Legend]) -> None:
    """Up to three legends for all plots of a figure, side by side below them; the figure grows by them."""
    legends = [legend for legend in legends if legend.entries]
    if not legends:
        return
    width_in, height_in = figure.get_size_inches()
    most = max(len(legend.entries) for legend in legends)
    room = width_in * CHARACTERS_PER_INCH
    rows = next((n for n in range(1, most) if sum(legend.characters(n) for legend in legends) <= room), most)
    figure.set_size_inches(width_in, height_in + 0.1 + LINE_IN * (rows + any(legend.title for legend in legends)))
    with mpl.rc_context(RC):
        for legend, place in zip(legends, _PLACES[len(legends)], strict=True):
            figure.legend(
                handles=legend.entries,
                title=plain(legend.title) or None,
                title_fontsize=RC["legend.fontsize"],
                loc=place,
                ncols=legend.columns(rows),
            )


def add_colour_bar(
    figure: Figure, plots: Iterable[Axes], norm: Normalize, colour_map: Colormap, label: str
) -> Colorbar:
    """Explain colours beside the plots that have them."""
    with mpl.rc_context(RC):
        bar = figure.colorbar(ScalarMappable(norm, colour_map), ax=list(plots), label=plain(label), pad=0.02)
    if isinstance(norm, LogNorm):
        bar.set_ticks(log_locator(norm.vmin or 1.0, norm.vmax or 1.0))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
    bar.outline.set_visible(False)
    bar.ax.grid(visible=False)
    return bar


def plain(text: str) -> str:
    """A text that matplotlib takes as it is: what stands between dollars is no formula."""
    return text.replace("$", r"\$")


def shortened(text: str, longest: int) -> str:
    """A text of at most `longest` characters, cut with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
