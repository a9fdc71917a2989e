"""The picture of the schedules: learning rate and momentum by update, as the training computes them."""

from dataclasses import replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hyperspool.master.analysis.figures.style import PALETTE, new_figure
from hyperspool.worker.training.params import SCHEDULES, WITH_CYCLED_MOMENTUM, TrainingParams
from hyperspool.worker.training.schedules import Schedule, make_schedule

UPDATES_PER_EPOCH, EPOCHS = 20, 14
PARAMS = TrainingParams(learning_rate=0.1, momentum=0.95, batch_size=50, decay_every=4, restart_period=2, cycles=3)
"""Each schedule uses those that are its own."""
COLUMNS = 3


def draw_schedules() -> Figure:
    """Draw every schedule in a plot of its own; where the momentum moves, it is dashed, with an axis on the right."""
    figure, axes = new_figure(6.6, 5.6, -(-len(SCHEDULES) // COLUMNS), COLUMNS)
    for place, (plot, name) in enumerate(zip(axes.ravel(), SCHEDULES, strict=True)):
        schedule = make_schedule(replace(PARAMS, schedule=name), UPDATES_PER_EPOCH, EPOCHS)
        _draw(plot, name, schedule)
        is_left, is_below = place % COLUMNS == 0, place >= len(SCHEDULES) - COLUMNS
        plot.set(ylabel="learning rate" if is_left else "", xlabel="update t" if is_below else "")
    return figure


def _draw(plot: Axes, name: str, schedule: Schedule) -> None:
    updates = range(UPDATES_PER_EPOCH * EPOCHS)
    plot.plot(updates, [schedule.learning_rate(update) for update in updates], color=PALETTE[0], linewidth=1.3)
    plot.set(title=name, ylim=(-0.005, 0.105), xticks=[0, len(updates) // 2, len(updates)], yticks=[0, 0.05, 0.1])
    if name in WITH_CYCLED_MOMENTUM:
        other = plot.twinx()
        other.plot(updates, [schedule.momentum(update) for update in updates], "--", color=PALETTE[1], linewidth=1.3)
        other.set(ylim=(0.825, 0.965), yticks=[0.85, 0.95])
        other.grid(visible=False)
        other.spines["top"].set_visible(False)
        other.tick_params(axis="y", colors=PALETTE[1], labelsize=8)
        other.set_ylabel("momentum", color=PALETTE[1], fontsize=9)
