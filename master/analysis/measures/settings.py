"""The parameters that a study varies, the labels of its settings, and each setting's results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hyperspool.common.grid import grid_values
from hyperspool.common.objectives import PARAMETERS, SOURCES
from hyperspool.common.records import Status
from hyperspool.common.space import Categorical, Fixed, Float, Int, Scalar
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.columns import Parameter, params_column, params_of
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.results.wording import param_text

VARIES = "varies"
"""The parameter that says which source of randomness differs between replicates."""
LABELS = {"num_filters": "number of filters", "batch_size": "mini-batch size", VARIES: "what varies"}
"""Labels of parameters for which the name with blanks for underscores would read badly."""
ONLY_SETTING = "the only setting"
MAX_STEPS = 1000
"""A range with at most this many steps is a list of values that can be compared one by one."""
DECADE = 10.0


@dataclass(frozen=True)
class Axis:
    """A parameter that differs between trials of the study.

    Attributes:
        name: its name in the study's space.
        label: its name for people.
        is_numeric: whether its values are numbers.
        is_log: whether a logarithmic scale shows it best.
        choices: its possible values: numbers from low to high, others in the study's order; empty for a range.
        zero_at: the position at which a value of 0 is shown, because a logarithmic scale has no 0; None if the
            parameter cannot be 0 on such a scale.
    """

    name: str
    label: str
    is_numeric: bool
    is_log: bool
    choices: tuple[Scalar, ...] = ()
    zero_at: float | None = None

    @property
    def column(self) -> str:
        """Its column in the frames."""
        return params_column(self.name)

    def text(self, value: Scalar) -> str:
        """The label with one value, for a sentence or a legend: `learning rate 0.05`."""
        return f"{self.label} {param_text(value)}"


def label_of(spec: StudySpec, name: str) -> str:
    """The name of a parameter for people: in words if it is a built-in objective's, else as its author wrote it."""
    return LABELS.get(name, name.replace("_", " ")) if spec.objective.name in PARAMETERS else name


def fixed_text(parameter: Parameter) -> str:
    """The value of a parameter that has only one."""
    match parameter:
        case Fixed():
            return param_text(parameter.value)
        case Categorical():
            return param_text(parameter.choices[0])
        case _:
            return param_text(parameter.low)


def searched_parameters(spec: StudySpec) -> list[Axis]:
    """The parameters that can differ between trials, in the study's order."""
    found: list[Axis] = []
    for name, parameter in spec.space.items():
        match parameter:
            case Fixed() | Categorical(choices=[_]):
                continue
            case Float() | Int() if parameter.low == parameter.high:
                continue
        found.append(_axis(name, label_of(spec, name), parameter, is_grid=spec.sampler.name == "grid"))
    return found


def source_axis(spec: StudySpec) -> Axis | None:
    """The parameter that selects the source of randomness; None if the study does not compare such sources."""
    found = (axis for axis in searched_parameters(spec) if axis.name == VARIES and set(axis.choices) <= set(SOURCES))
    return next(found, None)


def is_grid(axes: Sequence[Axis]) -> bool:
    """Whether every varied parameter has listed values, so that settings can be compared one by one."""
    return bool(axes) and all(axis.choices for axis in axes)


def setting_label(params: Mapping[str, Scalar], axes: Sequence[Axis]) -> str:
    """The varied params of a setting, short enough for a legend: `learning rate 0.05, momentum 0.9`.

    Args:
        params: the params of a trial.
        axes: the parameters that its study varies.
    """
    return ", ".join(axis.text(params[axis.name]) for axis in axes if axis.name in params) or ONLY_SETTING


def setting_labels(data: StudyData) -> dict[int, str]:
    """The label of every setting that has a result, by the setting's number."""
    axes = searched_parameters(data.spec)
    firsts = data.trials.drop_duplicates("setting")
    return {int(row["setting"]): setting_label(params_of(data.spec, row), axes) for _, row in firsts.iterrows()}


def settings_table(data: StudyData) -> pd.DataFrame:
    """The results of each setting: one row each, sorted by setting.

    Columns: setting; label; params_<name> of every parameter; n_complete, n_pruned, n_failed and n_diverged (numbers of
    trials); median, min and max of the COMPLETE trials' values, and the mean of the finite ones, where diverged trials
    count with the error of guessing; epoch_s, the median time of an epoch in seconds, NaN without curves.
    """
    trials = data.trials
    names = [params_column(name) for name, _ in data.spec.space.items()]
    table = trials.drop_duplicates("setting").set_index("setting")[names]
    labels = setting_labels(data)
    table.insert(0, "label", pd.Series([labels[setting] for setting in table.index], index=table.index, dtype=object))
    for status in (Status.COMPLETE, Status.PRUNED, Status.FAILED):
        table[f"n_{status.value.lower()}"] = (trials["status"] == status.value).groupby(trials["setting"]).sum()
    table["n_diverged"] = trials.groupby("setting")["diverged"].sum()
    values = complete(trials).groupby("setting")["value"]
    table["mean"] = values.agg(lambda own: own[np.isfinite(own)].mean())
    table["median"], table["min"], table["max"] = values.median(), values.min(), values.max()
    table["epoch_s"] = data.curves.groupby("setting")["seconds"].median()
    counts = {name: "int64" for name in table.columns if name.startswith("n_")}
    return table.astype(counts).reset_index()


def complete(trials: pd.DataFrame) -> pd.DataFrame:
    """The COMPLETE trials, which are the ones whose values may be compared."""
    return trials[trials["status"] == Status.COMPLETE.value]


def _axis(name: str, label: str, parameter: Parameter, *, is_grid: bool) -> Axis:
    if isinstance(parameter, Float | Int):
        choices = _steps(parameter) if is_grid or parameter.step is not None else ()
        zero_at = parameter.low if isinstance(parameter, Float) and parameter.has_zero else None
        return Axis(name, label, is_numeric=True, is_log=parameter.log, choices=choices, zero_at=zero_at)
    listed = parameter.choices if isinstance(parameter, Categorical) else (parameter.value,)
    numbers = sorted(value for value in listed if not isinstance(value, bool | str))
    is_numeric = len(numbers) == len(listed)
    is_log = is_numeric and numbers[0] > 0 and numbers[-1] > DECADE * numbers[0]
    return Axis(name, label, is_numeric, is_log, tuple(numbers) if is_numeric else listed)


def _steps(parameter: Float | Int) -> tuple[Scalar, ...]:
    count, values = grid_values(parameter)
    return tuple(values) if count <= MAX_STEPS else ()
