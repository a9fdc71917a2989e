"""The search methods by name."""

from common.study_spec import Sampler as Asked
from common.study_spec import StudySpec
from master.search.coarse_to_fine import CoarseToFine, round_lengths
from master.search.confirmation import Confirmed
from master.search.grid import GridSearch
from master.search.random_search import RandomSearch
from master.search.replicates import Replicated
from master.search.sampler import Sampler


def make_sampler(spec: StudySpec) -> Sampler:
    """The search method that a study asks for, at its beginning."""
    search: Sampler = make_method(spec)
    if spec.replicates > 1:
        search = Replicated(search, spec.replicates)
    return Confirmed(search, spec.trials, spec.confirm.finalists, spec.confirm.replicates) if spec.confirm else search


def learns(spec: StudySpec) -> bool:
    """Whether what a study asks of a trial depends on the results of the trials before."""
    return spec.sampler.name == "coarse-to-fine" or spec.confirm is not None


def make_method(spec: StudySpec) -> RandomSearch | GridSearch | CoarseToFine:
    """The method alone, which knows neither replicates nor what follows the search."""
    match spec.sampler:
        case Asked(name="coarse-to-fine", rounds=int(rounds), keep=int(keep)):
            lengths = round_lengths(-(-spec.trials // spec.replicates), rounds)
            return CoarseToFine(spec.space, spec.seed, lengths, keep)
        case Asked(name="grid"):
            return GridSearch(spec.space)
        case _:
            return RandomSearch(spec.space, spec.seed)
