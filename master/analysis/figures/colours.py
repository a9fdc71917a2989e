"""The colours of numbers: one map for measured values and for numeric parameters."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import Colormap, ListedColormap, LogNorm, Normalize
from numpy.typing import ArrayLike

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import decades_of, is_spread
from hyperspool.master.analysis.figures.style import PALETTE
from hyperspool.master.analysis.measures.drawn_trials import drawn_trials
from hyperspool.master.analysis.measures.settings import Axis

BRIGHTEST = 0.6
"""Where the map is cut: brighter lines have a contrast of less than 3 on white."""
_DARK_TO_BRIGHT = ListedColormap(mpl.colormaps["viridis"](np.linspace(0.0, BRIGHTEST, 256)))
"""Even in lightness, so that it reads the same in all kinds of colour vision, and printed in grey."""


def value_colours(spec: StudySpec) -> Colormap:
    """The colours of an objective's values: the darker, the better; none is too bright to see on white."""
    return _DARK_TO_BRIGHT if spec.objective.direction == "minimise" else _DARK_TO_BRIGHT.reversed()


def value_norm(spec: StudySpec, values: ArrayLike) -> Normalize:
    """Maps the lowest value to 0 and the highest to 1, on the scale that an axis for the values has."""
    known = np.asarray(values, dtype=np.float64)
    return _norm(known, is_log=is_spread(known, decades_of(spec.objective.direction)))


def trials_norm(data: StudyData) -> Normalize:
    """The scale of the colours of trials, the same in all figures of a study, so that neighbours can be compared.

    The error of guessing, with which diverged trials count, does not stretch it.
    """
    trials = drawn_trials(data)
    sound = trials.loc[~trials["diverged"], "value"]
    return value_norm(data.spec, sound if len(sound) else trials["value"])


def parameter_colours() -> Colormap:
    """The colours of a numeric parameter's values, the lowest dark."""
    return _DARK_TO_BRIGHT


def parameter_norm(axis: Axis, shown: ArrayLike) -> Normalize:
    """Maps a numeric parameter's lowest value to 0 and its highest to 1, on the parameter's scale."""
    return _norm(shown, is_log=axis.is_log)


def listed_colours(count: int, *, is_ordered: bool) -> Sequence[Any]:
    """A colour per value of a list: from dark to bright for numbers, as different as possible for other values.

    Args:
        count: of values; at most the length of `PALETTE` unless they are ordered.
        is_ordered: whether the values are numbers, from low to high.
    """
    ordered = count > 1 and is_ordered
    return list(parameter_colours()(np.linspace(0.0, 1.0, count))) if ordered else PALETTE[:count]


def _norm(values: ArrayLike, *, is_log: bool) -> Normalize:
    known = np.asarray(values, dtype=np.float64)
    low, high = float(np.nanmin(known)), float(np.nanmax(known))
    if low == high:
        return Normalize(low - 0.5, high + 0.5)
    return LogNorm(low, high) if is_log else Normalize(low, high)
