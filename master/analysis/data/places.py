"""Which setting each trial evaluates, and which replicate of it, worked out from the params of the results."""

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

from hyperspool.common.issues import EvaluationKey
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Job
from hyperspool.common.values import setting_key


class Place(NamedTuple):
    """A trial's setting and its replicate within that setting, both numbered from 0."""

    setting: int
    replicate: int


Places = Mapping[EvaluationKey, Place]


def places_of(results: Sequence[Finished | Job]) -> dict[EvaluationKey, Place]:
    """The place of each evaluation. All rungs of a trial have the same place."""
    settings: dict[Hashable, int] = {}
    counts: list[int] = []
    of_trial: dict[int, Place] = {}
    for result in results:
        if result.trial in of_trial:
            continue
        setting = settings.setdefault(setting_key(result.params), len(settings))
        if setting == len(counts):
            counts.append(0)
        of_trial[result.trial] = Place(setting, counts[setting])
        counts[setting] += 1
    return {result.evaluation: of_trial[result.trial] for result in results}
