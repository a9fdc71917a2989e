"""The result of a learning-rate range test: the two rates between which a cyclical schedule should move."""

from collections.abc import Sequence
from dataclasses import dataclass

from hyperspool.common.space import Fixed
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData

CHANCE = 0.1
"""Accuracy of guessing. Every data set has ten classes."""
LEAST_GAIN = 0.05
"""Least accuracy above guessing that the best point must reach. Below it, nothing was learned."""
RISE = 0.1
"""Accuracy starts to rise at the point where it has reached this share of its gain."""
REACHED = 0.9
"""A fall counts once accuracy has reached this share of its gain. Earlier falls are stumbles: training rises again."""
DROP = 0.05
"""Accuracy falls or becomes ragged where it lies this share of its gain below its highest value so far."""


@dataclass(frozen=True)
class Point:
    """One epoch of a range test's curve.

    Attributes:
        rate: learning rate of the epoch's last update.
        accuracy: 1 - validation error after that update.
    """

    rate: float
    accuracy: float


@dataclass(frozen=True)
class Proposal:
    """The ends of a cycle.

    Attributes:
        eta_min: the lowest learning rate.
        eta_max: the highest one.
        has_ended: whether accuracy became ragged or fell. If not, higher rates than the test's last may work too.
    """

    eta_min: float
    eta_max: float
    has_ended: bool


def propose(points: Sequence[Point], chance: float) -> Proposal | str:
    """Propose the two ends of the range, or say why there is no range.

    `gain` is the distance from guessing to the highest accuracy:

    - eta_min: the first rate at which accuracy lies `RISE` of the gain above guessing.
    - eta_max: the last rate before accuracy falls `DROP` of the gain below its highest value so far. The search for
      that fall starts where accuracy first lies `REACHED` of the gain above guessing. Without a fall, eta_max is the
      last rate of the test.

    Source: Smith 2017, arXiv:1506.01186, sec. 3.3: the rate where accuracy starts to increase, and the rate where the
    increase slows, becomes ragged or starts to fall. The paper reads both from a plot; the shares make that a rule.

    Args:
        points: sorted by rising rate.
        chance: accuracy of guessing.

    Returns:
        The range, or the reason in words.
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
        return "accuracy rises and falls within one step of the rate: use more epochs (--epochs), or --log"
    return Proposal(points[begin].rate, points[end].rate, has_ended=end < len(points) - 1)


def _first_at(points: Sequence[Point], accuracy: float) -> int:
    return next(place for place, point in enumerate(points) if point.accuracy >= accuracy)


def is_range_test(spec: StudySpec) -> bool:
    """Whether the study is a single training in which the learning rate rises through the whole budget."""
    return spec.all_trials == 1 and _fixed(spec, "schedule") == "range_test"


def is_log(spec: StudySpec) -> bool:
    """Whether the rate rises evenly on a logarithmic scale instead of a linear one."""
    return _fixed(spec, "eta_log") is True


def proposed(data: StudyData) -> Proposal | str:
    """The range that the curve of a range test proposes, or the reason why it proposes none."""
    columns = zip(data.curves["learning_rate"], data.curves["validation_error"], strict=True)
    return propose([Point(float(rate), 1.0 - float(error)) for rate, error in columns], CHANCE)


def _fixed(spec: StudySpec, name: str) -> object:
    parameter = spec.space.root.get(name)
    return parameter.value if isinstance(parameter, Fixed) else None
