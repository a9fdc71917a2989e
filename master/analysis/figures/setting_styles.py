"""Colours and line styles that set a study's settings apart: with a legend if there are few, else with a colour bar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import Colormap, Normalize

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.colours import (
    listed_colours,
    parameter_colours,
    parameter_norm,
    trials_norm,
    value_colours,
)
from hyperspool.master.analysis.figures.legends import DASHES, MAX_ENTRIES, Legend, entry
from hyperspool.master.analysis.figures.parameter_axes import order_of
from hyperspool.master.analysis.figures.style import GREY, PALETTE
from hyperspool.master.analysis.measures.settings import Axis, complete, is_grid, searched_parameters, setting_labels
from hyperspool.master.results.wording import param_text


@dataclass(frozen=True)
class SettingStyles:
    """The colour and line style of each setting, and the legend or colour bar that explains them.

    Attributes:
        colour: by setting.
        dashes: by setting; a setting without an entry has a solid line.
        legends: with at most `MAX_ENTRIES` entries in total.
        norm: from values to the colour bar; None if a legend explains the colours.
        colour_map: of the colour bar.
        bar_label: what the colour bar shows.
        order: the settings in drawing order; the last one lies on top.
    """

    colour: Mapping[int, Any]
    dashes: Mapping[int, Any] = field(default_factory=dict)
    legends: Sequence[Legend] = ()
    norm: Normalize | None = None
    colour_map: Colormap = field(default_factory=parameter_colours)
    bar_label: str = ""
    order: Sequence[int] = ()


def styles_of(data: StudyData, *, room: int = MAX_ENTRIES) -> SettingStyles:
    """The styles of the settings of a study that has trials.

    Args:
        data: the study.
        room: how many entries of the legend are free.
    """
    axes = searched_parameters(data.spec)
    firsts = data.trials.drop_duplicates("setting").set_index("setting")
    if len(axes) == 2 and (crossed := _crossed(axes, firsts, room)):  # noqa: PLR2004 - a colour and a line style
        return crossed
    numeric = axes[0] if len(axes) == 1 and axes[0].is_numeric else None
    if len(firsts) <= room:
        return _listed(data, firsts, axes)
    return _by_parameter(numeric, firsts) if numeric else _by_value(data, firsts)


def _listed(data: StudyData, firsts: pd.DataFrame, axes: Sequence[Axis]) -> SettingStyles:
    """An entry of the legend per setting; colours from dark to bright if the settings differ in a single number."""
    settings = [int(setting) for setting in firsts.index]
    if len(axes) == 1 and axes[0].is_numeric:
        settings = [int(setting) for setting in firsts[axes[0].column].sort_values().index]
        shades = listed_colours(len(settings), is_ordered=True)
        colour: dict[int, Any] = dict(zip(settings, shades, strict=True))
        dashes: dict[int, Any] = {}
    else:
        colour = {setting: PALETTE[index % len(PALETTE)] for index, setting in enumerate(settings)}
        dashes = {setting: DASHES[index // len(PALETTE)] for index, setting in enumerate(settings)}
    labels, title = _names(data, axes, firsts)
    handles = [
        entry(
            labels[setting].removeprefix(title).lstrip() + _diverged_note(data, setting),
            color=colour[setting],
            linestyle=dashes.get(setting, "-"),
        )
        for setting in settings
    ]
    return SettingStyles(colour, dashes, [Legend(handles, title)], order=settings)


def _names(data: StudyData, axes: Sequence[Axis], firsts: pd.DataFrame) -> tuple[dict[int, str], str]:
    """The settings' names in the legend, and its title. Several random params are too long: a trial's number is not."""
    if len(axes) > 1 and not is_grid(axes):
        return {int(str(setting)): str(trial) for setting, trial in firsts["trial"].items()}, "trial"
    return setting_labels(data), axes[0].label if len(axes) == 1 else ""


def _diverged_note(data: StudyData, setting: int) -> str:
    """For a setting's label, how many of its replicates diverged."""
    diverged = data.trials.loc[data.trials["setting"] == setting, "diverged"]
    if not diverged.any():
        return ""
    return " (diverged)" if diverged.all() else f" ({int(diverged.sum())} of {len(diverged)} diverged)"


def _crossed(axes: Sequence[Axis], firsts: pd.DataFrame, room: int) -> SettingStyles | None:
    """A colour per value of one parameter, a line style per value of the other; None if they have too many values."""
    first, second = sorted(axes, key=lambda axis: len(axis.choices), reverse=True)
    counts = len(first.choices), len(second.choices)
    if not (0 < counts[0] <= len(PALETTE) and 0 < counts[1] <= len(DASHES) and sum(counts) <= room):
        return None
    columns = [order_of(axis, firsts[axis.column]) for axis in (first, second)]
    if np.isnan(columns).any():
        return None
    shades = listed_colours(counts[0], is_ordered=first.is_numeric)
    column, other = (places.astype(int).tolist() for places in columns)
    settings = [int(setting) for setting in firsts.index]
    colour = {setting: shades[index] for setting, index in zip(settings, column, strict=True)}
    dashes = {setting: DASHES[index] for setting, index in zip(settings, other, strict=True)}
    shown = [entry(param_text(value), color=shade) for value, shade in zip(first.choices, shades, strict=True)]
    others = [
        entry(param_text(value), color="black", linestyle=dash)
        for value, dash in zip(second.choices, DASHES, strict=False)
    ]
    return SettingStyles(colour, dashes, [Legend(shown, first.label), Legend(others, second.label)], order=settings)


def _by_parameter(axis: Axis, firsts: pd.DataFrame) -> SettingStyles:
    values = firsts[axis.column].sort_values()
    return _barred(values, parameter_norm(axis, values), parameter_colours(), axis.label)


def _by_value(data: StudyData, firsts: pd.DataFrame) -> SettingStyles:
    """Coloured by each setting's value, the best on top; grey without a value or if every trial diverged."""
    objective, trials = data.spec.objective, complete(data.trials)
    values = trials[~trials["diverged"]].groupby("setting")["value"].median().reindex(firsts.index)
    best_last = values.sort_values(ascending=objective.direction == "maximise", na_position="first")
    if not best_last.notna().any():
        return SettingStyles(dict.fromkeys(map(int, firsts.index), GREY), order=list(map(int, firsts.index)))
    label = f"final {objective.measure_name}"
    return _barred(best_last, trials_norm(data), value_colours(data.spec), label)


def _barred(values: "pd.Series[float]", norm: Normalize, colour_map: Colormap, label: str) -> SettingStyles:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    shades = colour_map(norm(np.nan_to_num(numbers, nan=norm.vmin or 0.0)))
    settings = [int(setting) for setting in values.index]
    colour = {
        setting: shade if np.isfinite(number) else GREY
        for setting, number, shade in zip(settings, numbers, shades, strict=True)
    }
    return SettingStyles(colour, norm=norm, colour_map=colour_map, bar_label=label, order=settings)
