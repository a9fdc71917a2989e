"""The curves of the final training."""

from collections.abc import Sequence
from math import isfinite

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hyperspool.common.records import EpochRecord
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.style import PALETTE, new_figure


def curves_figure(study: str, curve: Sequence[EpochRecord]) -> NamedFigure:
    """Training loss by epoch, and what the schedule changed; there is no validation part left to draw.

    Args:
        study: whose winner was trained.
        curve: at least one epoch.
    """
    drawn: dict[str, list[float]] = {"training loss": [line.training_loss for line in curve]}
    scheduled = {
        "learning rate": [line.learning_rate for line in curve],
        "momentum": [line.momentum for line in curve],
    }
    # A panel each, for they have nothing in common but the epochs; none for what stayed the same.
    drawn |= {
        name: values for name, values in scheduled.items() if len({value for value in values if isfinite(value)}) > 1
    }

    def draw() -> Figure:
        figure, axes = new_figure(height_in=1.4 + 1.8 * len(drawn), rows=len(drawn))
        marker = "o" if len(curve) == 1 else ""
        for panel, (name, values), colour in zip(axes[:, 0], drawn.items(), PALETTE, strict=False):
            panel.plot([line.epoch for line in curve], values, color=colour, marker=marker)
            panel.set_ylabel(name)
            panel.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
        axes[-1, 0].set_xlabel("epoch")
        return figure

    return NamedFigure(
        name="curves",
        title=f"The final training of {study}'s winner",
        caption="By epoch, on training and validation part together; learning rate and momentum where they change.",
        draw=draw,
    )
