"""The search methods by name."""

from hyperspool.common.ablation import cases_of
from hyperspool.common.space import Space
from hyperspool.common.study_spec import Sampler as Asked
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.ablation import AblationSearch, places
from hyperspool.master.search.coarse_to_fine import CoarseToFine, round_lengths
from hyperspool.master.search.confirmation import Confirmed
from hyperspool.master.search.grid import GridSearch
from hyperspool.master.search.random_search import RandomSearch
from hyperspool.master.search.replicates import Replicated
from hyperspool.master.search.sampler import Sampler


def make_sampler(spec: StudySpec) -> Sampler:
    """The search method that a study asks for, at its beginning."""
    if spec.ablation:
        settings = spec.ablation.settings
        tuned = [_method(spec, case.space, settings) for case in cases_of(spec.ablation, spec.space)]
        return AblationSearch(places(spec), tuned)
    search: Sampler = make_method(spec)
    if spec.replicates > 1:
        search = Replicated(search, spec.replicates)
    return Confirmed(search, spec.trials, spec.confirm.finalists, spec.confirm.replicates) if spec.confirm else search


def learns(spec: StudySpec) -> bool:
    """Whether what a study asks of a trial depends on the results of the trials before."""
    return spec.sampler.name == "coarse-to-fine" or spec.confirm is not None


def make_method(spec: StudySpec) -> RandomSearch | GridSearch | CoarseToFine:
    """The method alone, which knows neither replicates nor what follows the search."""
    return _method(spec, spec.space, -(-spec.trials // spec.replicates))


def _method(spec: StudySpec, space: Space, settings: int) -> RandomSearch | GridSearch | CoarseToFine:
    match spec.sampler:
        case Asked(name="coarse-to-fine", rounds=int(rounds), keep=int(keep)):
            return CoarseToFine(space, spec.seed, round_lengths(settings, rounds), keep)
        case Asked(name="grid"):
            return GridSearch(space)
        case _:
            return RandomSearch(space, spec.seed)
