"""The curve of a learning-rate range test, as a study's frames have it, and what it proposes."""

from hyperspool.common.space import Fixed
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.frames import StudyData
from hyperspool.master.lr_range import Point, Proposal, propose

CHANCE = 0.1
"""Accuracy of guessing: every data set has ten classes."""


def is_range_test(spec: StudySpec) -> bool:
    """Whether the study is one training in which the learning rate rises through all of the budget."""
    return spec.all_trials == 1 and _fixed(spec, "schedule") == "range_test"


def is_log(spec: StudySpec) -> bool:
    """Whether the rate's logarithm rises evenly, not the rate."""
    return _fixed(spec, "eta_log") is True


def proposed(data: StudyData) -> Proposal | str:
    """The two ends that a range test's curve proposes, or why there are none."""
    columns = zip(data.curves["learning_rate"], data.curves["validation_error"], strict=True)
    return propose([Point(float(rate), 1.0 - float(error)) for rate, error in columns], CHANCE)


def _fixed(spec: StudySpec, name: str) -> object:
    parameter = spec.space.root.get(name)
    return parameter.value if isinstance(parameter, Fixed) else None
