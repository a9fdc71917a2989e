"""The search methods by name."""

from common.study_spec import StudySpec
from master.search.random_search import RandomSearch
from master.search.sampler import Sampler


def make_sampler(spec: StudySpec) -> Sampler:
    """The search method that a study asks for, at its beginning."""
    match spec.sampler.name:
        case "random":
            return RandomSearch(spec.space, spec.seed)
