"""The figure of a learning-rate range test: accuracy and loss against the rate that rises through one training."""

from functools import partial

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.readable_axes import log_locator, set_scale, show_measured
from hyperspool.master.analysis.figures.style import GREY, PALETTE, RC, new_figure
from hyperspool.master.analysis.measures.lr_range import Proposal, is_log, is_range_test, proposed
from hyperspool.master.analysis.measures.positions import Floats

LOSSES = {"training_loss": "training loss", "validation_loss": "validation loss"}


def figures(data: StudyData) -> list[NamedFigure]:
    """The figure of a range test, with the proposed ends if there are any; nothing for any other study."""
    if not is_range_test(data.spec) or data.curves.empty:
        return []
    found = proposed(data)
    proposal = found if isinstance(found, Proposal) else None
    ends = (
        "No range is proposed."
        if proposal is None
        else f"Grey: the range from {proposal.eta_min:.3g} to {proposal.eta_max:.3g}."
    )
    caption = f"One training of {len(data.curves)} epochs, in every update of which the learning rate rises. {ends}"
    draw = partial(_draw, data, proposal, is_log=is_log(data.spec))
    return [NamedFigure("lr-range", "Accuracy and loss while the learning rate rises", caption, draw)]


def _draw(data: StudyData, proposal: Proposal | None, *, is_log: bool) -> Figure:
    figure, axes = new_figure(width_in=9.0, height_in=3.6, columns=2)
    accuracy, loss = axes[0]
    curve = data.curves
    rates = curve["learning_rate"].to_numpy(dtype=float)
    accuracy.plot(rates, 1 - curve["validation_error"].to_numpy(dtype=float), ".-", color=PALETTE[2], label="accuracy")
    accuracy.set_ylabel("accuracy (1 - validation error)")
    for colour, (column, label) in zip(PALETTE, LOSSES.items(), strict=False):
        loss.plot(rates, curve[column].to_numpy(dtype=float), ".-", color=colour, label=label)
    loss.set_ylabel("loss (lower is better)")
    show_measured(loss.yaxis, curve[list(LOSSES)].to_numpy(dtype=float))
    for plot in (accuracy, loss):
        _show_rates(plot, rates, proposal, is_log=is_log)
    # The range, which both plots show, is told once.
    handles = [*accuracy.get_legend_handles_labels()[0][:1], *loss.get_legend_handles_labels()[0]]
    with mpl.rc_context(RC):
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
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
