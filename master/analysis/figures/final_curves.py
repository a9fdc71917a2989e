"""The curves of the final training."""

from collections.abc import Sequence
from math import isfinite

from matplotlib.figure import Figure

from hyperspool.common.epochs import EpochRecord
from hyperspool.master.analysis.figures.axes import show_count
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.style import PALETTE, new_figure


def curves_figure(study: str, curve: Sequence[EpochRecord]) -> NamedFigure:
    """Training loss by epoch, and what the schedule changed; no data is left for a validation loss.

    Args:
        study: the name of the study whose winner was trained.
        curve: at least one epoch.
    """
    drawn: dict[str, list[float]] = {"training loss": [line.metric("training_loss") for line in curve]}
    scheduled = {
        "learning rate": [line.metric("learning_rate") for line in curve],
        "momentum": [line.metric("momentum") for line in curve],
    }
    # Their units differ, so each has a plot of its own. What stayed the same needs no plot.
    drawn |= {
        name: values for name, values in scheduled.items() if len({value for value in values if isfinite(value)}) > 1
    }

    def draw() -> Figure:
        figure, axes = new_figure(height_in=1.4 + 1.8 * len(drawn), rows=len(drawn))
        marker = "o" if len(curve) == 1 else ""
        for panel, (name, values), colour in zip(axes[:, 0], drawn.items(), PALETTE, strict=False):
            panel.plot([line.epoch for line in curve], values, color=colour, marker=marker)
            panel.set_ylabel(name)
            show_count(panel.xaxis, "epoch" if panel is axes[-1, 0] else "")
        return figure

    return NamedFigure(
        name="curves",
        title=f"The final training of {study}'s winner",
        caption="By epoch, on the training and validation data together; learning rate and momentum if they change.",
        draw=draw,
    )
