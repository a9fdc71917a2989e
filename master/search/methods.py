"""The search methods by name."""

from common.study_spec import StudySpec
from master.search.grid import GridSearch
from master.search.random_search import RandomSearch
from master.search.replicates import Replicated
from master.search.sampler import Sampler


def make_sampler(spec: StudySpec) -> Sampler:
    """The search method that a study asks for, at its beginning."""
    sampler = _by_name(spec)
    return Replicated(sampler, spec.replicates) if spec.replicates > 1 else sampler


def _by_name(spec: StudySpec) -> Sampler:
    match spec.sampler.name:
        case "random":
            return RandomSearch(spec.space, spec.seed)
        case "grid":
            return GridSearch(spec.space)
