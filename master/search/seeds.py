"""Where a trial's own randomness begins."""

from hyperspool.common.objectives import varying_seeds
from hyperspool.common.records import Seeds
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.counter_random import trial_seeds


def seeds_for(spec: StudySpec, trial: int, params: Params) -> Seeds:
    """The seeds that a job carries: each trial's own, but for those that the parameter `varies` keeps the same."""
    return trial_seeds(spec.seed, trial, varying_seeds(spec.objective.name, params))
