"""The figure of a learning-rate range test: accuracy and loss against the rate that rises through one training."""

from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from master.analysis.figures.figure import NamedFigure
from master.analysis.figures.readable_axes import log_locator, set_scale, show_measured
from master.analysis.figures.style import GREY, PALETTE, new_figure
from master.analysis.frames import StudyData
from master.analysis.positions import Floats
from master.lr_range import Proposal

LOSSES = {"training_loss": "training loss", "validation_loss": "validation loss"}


def range_figure(data: StudyData, proposal: Proposal | None, *, is_log: bool) -> NamedFigure:
    """The figure of a range test's study, with the proposed ends if there are any."""
    ends = (
        "No range is proposed."
        if proposal is None
        else f"Grey: the range from {proposal.eta_min:g} to {proposal.eta_max:g}."
    )
    caption = f"One training of {len(data.curves)} epochs, in every update of which the learning rate rises. {ends}"
    return NamedFigure("lr-range", "Learning-rate range test", caption, partial(_draw, data, proposal, is_log=is_log))


def _draw(data: StudyData, proposal: Proposal | None, *, is_log: bool) -> Figure:
    figure, axes = new_figure(width_in=9.0, height_in=3.6, columns=2)
    accuracy, loss = axes[0]
    curve = data.curves
    rates = curve["learning_rate"].to_numpy(dtype=float)
    accuracy.plot(rates, 1 - curve["validation_error"].to_numpy(dtype=float), ".-", color=PALETTE[0], linewidth=1.2)
    accuracy.set_ylabel("accuracy (1 - validation error)")
    for colour, (column, label) in zip(PALETTE, LOSSES.items(), strict=False):
        loss.plot(rates, curve[column].to_numpy(dtype=float), ".-", color=colour, linewidth=1.2, label=label)
    loss.set_ylabel("loss (lower is better)")
    show_measured(loss.yaxis, curve[list(LOSSES)].to_numpy(dtype=float))
    for plot in (accuracy, loss):
        _show_rates(plot, rates, proposal, is_log=is_log)
        if plot.get_legend_handles_labels()[0]:
            plot.legend(loc="best", frameon=False, fontsize=8)
    return figure


def _show_rates(plot: Axes, rates: Floats, proposal: Proposal | None, *, is_log: bool) -> None:
    set_scale(plot.xaxis, is_log=is_log)
    if is_log and len(rates):
        plot.xaxis.set_major_locator(log_locator(float(rates.min()), float(rates.max())))
    plot.set_xlabel("learning rate")
    if proposal is None:
        return
    told = f"eta_min {proposal.eta_min:.3g} to eta_max {proposal.eta_max:.3g}"
    plot.axvspan(proposal.eta_min, proposal.eta_max, color=GREY, alpha=0.2, linewidth=0, label=told)
