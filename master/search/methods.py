"""The search methods by name: one line of `METHODS` each.

Methods that need Optuna or scipy are imported when a study asks for them: both take longer than a master's whole start.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hyperspool.common.ablation import cases_of
from hyperspool.common.earlier import EarlierResult
from hyperspool.common.samplers import STARTUP
from hyperspool.common.space import Space
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.ablation import AblationSearch, places
from hyperspool.master.search.automatic import choice_for
from hyperspool.master.search.bounded import Bounded
from hyperspool.master.search.coarse_to_fine import CoarseToFine, round_lengths
from hyperspool.master.search.confirmation import Confirmed
from hyperspool.master.search.defaults import Defaulted, has_default
from hyperspool.master.search.grid import GridSearch
from hyperspool.master.search.halving import Halved
from hyperspool.master.search.lengthened import Lengthened
from hyperspool.master.search.population import PopulationTraining, population_of
from hyperspool.master.search.random_search import RandomSearch
from hyperspool.master.search.replicates import Replicated
from hyperspool.master.search.rungs import rungs_of
from hyperspool.master.search.sampler import Learner, Sampler
from hyperspool.master.search.stopping import Stopping


@dataclass(frozen=True)
class Method:
    """A search method.

    Attributes:
        make: makes the method from the study, the space to search (in an ablation the case's), and the number of
            settings.
        is_seeded: whether a proposal depends only on the study's seed and the trial, not on results.
        needs_length: whether a proposal depends on the number of trials too, so that this cannot grow.
    """

    make: Callable[[StudySpec, Space, int], Sampler]
    is_seeded: bool = False
    needs_length: bool = False


def coarse_to_fine(spec: StudySpec, space: Space, settings: int) -> CoarseToFine:
    """Make the search from coarse to fine that a study asks for."""
    lengths = round_lengths(settings, spec.sampler.rounds or 1)
    return CoarseToFine(space, spec.seed, lengths, spec.sampler.keep or settings, spec.objective.direction)


def automatic(spec: StudySpec, space: Space, settings: int) -> Sampler:
    """Make the method that `auto` stands for."""
    return METHODS[choice_for(space, settings)].make(spec, space, settings)


def model_based(name: str) -> Callable[[StudySpec, Space, int], Sampler]:
    """Make the method that asks a sampler of Optuna's."""

    def make(spec: StudySpec, space: Space, _settings: int) -> Sampler:
        from hyperspool.master.search.model_based import ModelBased

        startup = spec.sampler.startup or STARTUP  # `auto` has no settings
        return ModelBased(space, spec.seed, spec.objective.direction, name, startup, spec.objectives or ())

    return make


def evolution(spec: StudySpec, space: Space, _settings: int) -> Sampler:
    """Make the evolution strategy."""
    from hyperspool.master.search.evolution import EvolutionStrategy

    return EvolutionStrategy(space, spec.seed, spec.objective.direction)


def genetic(spec: StudySpec, space: Space, _settings: int) -> Sampler:
    """Make the genetic algorithm that a study names."""
    from hyperspool.master.search.genetic import GeneticSearch

    goals, constraints = spec.objectives or (), len(spec.constraints or ())
    return GeneticSearch(space, spec.seed, spec.objective.direction, goals, spec.sampler, constraints)


def population_based(spec: StudySpec, space: Space, _settings: int) -> Sampler:
    """Make the training of a population.

    Raises:
        ValueError: the study has no population.
    """
    if (population := population_of(spec)) is None:
        raise ValueError(f"study {spec.name} has no population")
    return PopulationTraining(space, spec.seed, spec.objective.direction, population)


def quasi_random(spec: StudySpec, space: Space, _settings: int) -> Sampler:
    """Make the search by Sobol points."""
    from hyperspool.master.search.quasi_random import QuasiRandomSearch

    return QuasiRandomSearch(space, spec.seed)


METHODS: dict[str, Method] = {
    "random": Method(lambda spec, space, _settings: RandomSearch(space, spec.seed), is_seeded=True),
    "grid": Method(lambda _spec, space, _settings: GridSearch(space), is_seeded=True),
    "coarse-to-fine": Method(coarse_to_fine, needs_length=True),
    "qmc": Method(quasi_random, is_seeded=True),
    "tpe": Method(model_based("tpe")),
    "gp": Method(model_based("gp")),
    "cmaes": Method(evolution),
    "nsga2": Method(genetic),
    "nsga3": Method(genetic),
    "pbt": Method(population_based, needs_length=True),
    "auto": Method(automatic, needs_length=True),
}


def make_sampler(spec: StudySpec, earlier: Sequence[EarlierResult] = ()) -> Sampler:
    """Make a study's search method, with its wrappers: stopping, replicates, confirmation, an ablation, halving.

    Args:
        spec: the study.
        earlier: what it learns from beside its own trials.
    """
    rungs, bounded = rungs_of(spec), Bounded(_unbounded(spec, earlier), spec.all_trials)
    if rungs is None:
        return Lengthened(bounded, spec.epochs) if spec.has_rungs else bounded
    halved = Halved(bounded, rungs, enough=0 if spec.sampler.name == "tpe" else spec.sampler.startup or STARTUP)
    return Stopping(halved, spec) if spec.stop else halved


def make_endless(spec: StudySpec, earlier: Sequence[EarlierResult] = ()) -> Sampler:
    """Make a study's search method as if no stopping rule ended it.

    For whoever repeats proposals that are there already: the rules may have become stricter since.
    """
    return make_sampler(spec.model_copy(update={"stop": None}), earlier)


def _unbounded(spec: StudySpec, earlier: Sequence[EarlierResult]) -> Sampler:
    direction = spec.objective.direction
    if spec.ablation:
        settings = spec.ablation.settings
        tuned = [_searching(spec, case.space, settings) for case in cases_of(spec.ablation, spec.space)]
        return AblationSearch(places(spec), tuned, direction)
    search = make_search_of_settings(spec, earlier)
    if spec.stop and not spec.halving:  # inside the replicates, so that a setting that was begun gets all of its own
        search = Stopping(search, spec)
    if spec.replicates > 1:
        search = Replicated(search, spec.replicates)
    if spec.confirm is None:
        return search
    return Confirmed(search, spec.trials, spec.confirm.finalists, spec.confirm.replicates, direction)


def make_search_of_settings(spec: StudySpec, earlier: Sequence[EarlierResult] = ()) -> Sampler:
    """Make a study's search method without what stands around it: it proposes settings, each as one trial."""
    return _searching(spec, spec.space, settings_count(spec), earlier)


def _searching(spec: StudySpec, space: Space, settings: int, earlier: Sequence[EarlierResult] = ()) -> Sampler:
    search = METHODS[spec.sampler.name].make(spec, space, settings)
    if earlier and isinstance(search, Learner):
        search = search.having_seen(earlier)
    # A grid has an order of its own, in which the defaults come like any other point.
    return Defaulted(search, space, spec.seed) if has_default(space) and spec.sampler.name != "grid" else search


def is_seeded(spec: StudySpec) -> bool:
    """Return whether every proposal of a study follows from its seed and the trial's number alone."""
    return METHODS[spec.sampler.name].is_seeded and spec.confirm is None and not spec.has_rungs


def has_fixed_length(spec: StudySpec) -> bool:
    """Return whether a study's proposals would be others if it had another number of trials."""
    has_brackets = spec.halving is not None and spec.halving.name != "asha"
    needs_length = METHODS[spec.sampler.name].needs_length or has_brackets
    return needs_length or spec.confirm is not None or spec.ablation is not None


def is_beginning_of(shorter: StudySpec, longer: StudySpec) -> bool:
    """Return whether a study's proposals would be the first of another one, which differs in its length only.

    Args:
        shorter: a study.
        longer: the same study with other `trials`, `replicates` or `sampler.rounds`.
    """
    if shorter.confirm or shorter.ablation or (shorter.halving and shorter.halving.name != "asha"):
        return False
    if shorter.sampler.rounds:
        rounds = _lengths(shorter)
        return _lengths(longer)[: len(rounds)] == rounds
    if shorter.sampler.name == "auto":
        return choice_for(shorter.space, settings_count(shorter)) == choice_for(longer.space, settings_count(longer))
    return True


def _lengths(spec: StudySpec) -> tuple[int, ...]:
    return round_lengths(settings_count(spec), spec.sampler.rounds or 1)


def settings_count(spec: StudySpec) -> int:
    """Return how many settings a study's search evaluates; the last may have fewer replicates than the others."""
    return -(-spec.trials // spec.replicates)
