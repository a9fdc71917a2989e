"""The curves of the final training."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from common.records import EpochRecord
from master.analysis.figures.figure import NamedFigure
from master.analysis.figures.style import PALETTE, new_figure


def curves_figure(study: str, curve: Sequence[EpochRecord]) -> NamedFigure:
    """Training loss, learning rate and momentum by epoch; there is no validation part left to draw.

    Args:
        study: whose winner was trained.
        curve: at least one epoch.
    """

    def draw() -> Figure:
        figure, axes = new_figure(height_in=5.0, rows=2)
        epochs = [line.epoch for line in curve]
        above, below = axes[0, 0], axes[1, 0]
        above.plot(epochs, [line.training_loss for line in curve], color=PALETTE[0])
        above.set_ylabel("training loss")
        below.plot(epochs, [line.learning_rate for line in curve], color=PALETTE[0], label="learning rate")
        below.plot(epochs, [line.momentum for line in curve], color=PALETTE[1], label="momentum")
        below.set_xlabel("epoch")
        below.legend()
        return figure

    return NamedFigure(
        name="curves",
        title=f"The final training of {study}'s winner",
        caption="Training loss, and what the schedule did, by epoch, on the training and the validation part together.",
        draw=draw,
    )
