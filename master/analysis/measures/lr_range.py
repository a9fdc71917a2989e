"""What a learning-rate range test proposes: the two rates between which a cycle should move."""

from collections.abc import Sequence
from dataclasses import dataclass

from hyperspool.common.space import Fixed
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData

CHANCE = 0.1
"""Accuracy of guessing: every data set has ten classes."""
LEAST_GAIN = 0.05
"""Accuracy above guessing that the best point must have, or nothing was learned."""
RISE = 0.1
"""Accuracy starts to rise where it has gained so much of what it gains in all."""
REACHED = 0.9
"""From where it has gained so much a fall counts; before that, training stumbles and goes on rising."""
DROP = 0.05
"""It has become ragged, or falls, where it lies so much of that below its highest so far."""


@dataclass(frozen=True)
class Point:
    """One line of a range test's curve.

    Attributes:
        rate: learning rate of the epoch's last update.
        accuracy: 1 - validation error after it.
    """

    rate: float
    accuracy: float


@dataclass(frozen=True)
class Proposal:
    """The ends of a cycle.

    Attributes:
        eta_min: the lowest learning rate.
        eta_max: the highest one.
        has_ended: whether accuracy became ragged or fell; if not, higher rates may do, and the test did not reach them.
    """

    eta_min: float
    eta_max: float
    has_ended: bool


def propose(points: Sequence[Point], chance: float) -> Proposal | str:
    """The two ends of the range, or why there are none.

    With `gain`, how far the highest accuracy lies above guessing:

    - eta_min: the first rate at which accuracy lies `RISE` of the gain above guessing.
    - eta_max: the last rate before accuracy lies `DROP` of the gain below its highest so far, looked for from where it
      first lies `REACHED` of the gain above guessing; the last rate of the test if that never happens.

    Source: Smith 2017, arXiv:1506.01186, sec. 3.3: the rate where accuracy starts to increase, and the one where its
    increase slows, becomes ragged or starts to fall. The shares make a rule of what is read from a plot there.

    Args:
        points: by rising rate.
        chance: accuracy of guessing.
    """
    gain = max((point.accuracy for point in points), default=0.0) - chance
    if gain < LEAST_GAIN:
        return f"accuracy never rose {LEAST_GAIN:g} above guessing: try other rates (--from, --to), or more epochs"
    begin, reached = (_first_at(points, chance + share * gain) for share in (RISE, REACHED))
    end, highest = reached, points[reached].accuracy
    for place in range(reached + 1, len(points)):
        highest = max(highest, points[place].accuracy)
        if points[place].accuracy < highest - DROP * gain:
            break
        end = place
    if end == begin:
        return "accuracy rises and falls within one step of the rate: take more epochs (--epochs), or --log"
    return Proposal(points[begin].rate, points[end].rate, has_ended=end < len(points) - 1)


def _first_at(points: Sequence[Point], accuracy: float) -> int:
    return next(place for place, point in enumerate(points) if point.accuracy >= accuracy)


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
