"""The figure of a learning-rate range test: accuracy and loss against the rate that rises through one training."""

import math
from functools import partial

from matplotlib.figure import Figure

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import show_measured
from hyperspool.master.analysis.figures.captions import caption
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_legends, labelled
from hyperspool.master.analysis.figures.style import GREY, PALETTE, new_figure
from hyperspool.master.analysis.measures.lr_range import Proposal, is_log, is_range_test, proposed

LOSSES = {"training_loss": "training loss", "validation_loss": "validation loss"}


def figures(data: StudyData) -> list[NamedFigure]:
    """The figure, with the proposed range if there is one, for a range test alone."""
    if not is_range_test(data.spec) or data.curves.empty:
        return []
    found = proposed(data)
    proposal = found if isinstance(found, Proposal) else None
    text = caption(
        f"One training of {len(data.curves)} epochs; the learning rate rises at every update.",
        f"Grey: the range from {proposal.eta_min:.3g} to {proposal.eta_max:.3g}."
        if proposal
        else "No range is proposed.",
    )
    draw = partial(_draw, data, proposal, is_log=is_log(data.spec))
    return [NamedFigure("lr-range", "Accuracy and loss while the learning rate rises", text, draw)]


def _draw(data: StudyData, proposal: Proposal | None, *, is_log: bool) -> Figure:
    figure, axes = new_figure(width_in=9.0, height_in=3.4, columns=2)
    accuracy, loss = axes[0]
    curve = data.curves
    rates = curve["learning_rate"].to_numpy(dtype=float)
    accuracy.plot(rates, 1 - curve["validation_error"].to_numpy(dtype=float), ".-", color=PALETTE[2], label="accuracy")
    accuracy.set_ylabel("accuracy (1 - validation error)")
    for colour, (column, label) in zip(PALETTE, LOSSES.items(), strict=False):
        loss.plot(rates, curve[column].to_numpy(dtype=float), ".-", color=colour, label=label)
    show_measured(loss.yaxis, "loss (lower is better)", curve[list(LOSSES)].to_numpy(dtype=float))
    for plot in (accuracy, loss):
        show_measured(plot.xaxis, "learning rate", rates, decades=0.0 if is_log else math.inf)
        if proposal:
            # Both plots show the range, but one entry of the legend is enough.
            label = f"eta_min {proposal.eta_min:.3g} to eta_max {proposal.eta_max:.3g}" if plot is loss else ""
            plot.axvspan(proposal.eta_min, proposal.eta_max, color=GREY, alpha=0.2, linewidth=0, label=label)
    add_legends(figure, [Legend([*labelled(accuracy), *labelled(loss)])])
    return figure
