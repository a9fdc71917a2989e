"""What the generations of a population hold, and from which trials one comes."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hyperspool.common.issues import EvaluationKey
from hyperspool.common.outcome import Finished
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.results.rungs import RungsStanding, counted_rungs, epochs_spent
from hyperspool.master.results.settings import RankedSetting
from hyperspool.master.results.wording import counted
from hyperspool.master.search.population import Population, population_of
from hyperspool.master.search.rungs import rungs_of


@dataclass(frozen=True)
class GenerationCounts:
    """A generation of a population.

    Attributes:
        generation: its number, from 1.
        epochs: the budget of its trials, including what the generations before got.
        finished: the trials that have a result.
        open: those that are proposed and have none yet.
        copies: the trials that go on from another member's checkpoint.
    """

    generation: int
    epochs: int
    finished: int
    open: int
    copies: int


@dataclass(frozen=True)
class GenerationsStanding:
    """The generations of a study.

    Attributes:
        generations: the first one first.
        epochs_spent: the epochs that were trained, each once.
        epochs_of_full: the epochs of one full training.
        lineage: the incumbent, and the trials from which it comes, the latest first; empty without an incumbent.
    """

    generations: tuple[GenerationCounts, ...]
    epochs_spent: int
    epochs_of_full: int
    lineage: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """As `status --json` has it, three keys."""
        return {
            "generations": [asdict(each) for each in self.generations],
            "epochs": {"spent": self.epochs_spent, "of_full_training": self.epochs_of_full},
            "lineage": list(self.lineage),
        }

    @property
    def cost(self) -> tuple[str, str]:
        """What it took, for the report: a number and what it counts."""
        return str(self.epochs_spent), f"epochs trained, as many as {self._full_trainings} full trainings"

    @property
    def _full_trainings(self) -> str:
        return f"{self.epochs_spent / self.epochs_of_full:.3g}"

    def sentences(self) -> list[str]:
        """One line for each generation that holds something, one for what it all cost, and the incumbent's lineage."""
        lines = [
            f"generation {each.generation}, up to epoch {each.epochs}: {each.finished} finished"
            + (f", {each.open} open" if each.open else "")
            + (f", {each.copies} copied a better one" if each.copies else "")
            for each in self.generations
            if each.finished or each.open
        ]
        if not lines:
            return lines
        cost = f"{counted(self.epochs_spent, 'epoch')} trained, as many as {self._full_trainings} full trainings"
        return [*lines, cost, *([lineage_text(self.lineage)] if self.lineage else [])]


Levels = RungsStanding | GenerationsStanding
Entries = Mapping[EvaluationKey, ProposalEntry]


def counted_levels(
    spec: StudySpec,
    entries: Entries,
    results: Mapping[EvaluationKey, Finished],
    find_best: Callable[[], RankedSetting | None],
) -> Levels | None:
    """Count what each rung or generation of a study holds; None if every trial gets the whole budget.

    Args:
        spec: the study.
        entries: what is proposed.
        results: of the study so far.
        find_best: finds the incumbent; only called for a population, because it ranks all trials.
    """
    if population := population_of(spec):
        best = find_best()
        return _counted_generations(population, entries, results, lineage_of(best.trial, entries) if best else ())
    rungs = rungs_of(spec)
    return counted_rungs(rungs.ladder, entries.keys(), results) if rungs else None


def _counted_generations(
    population: Population, entries: Entries, results: Mapping[EvaluationKey, Finished], lineage: tuple[int, ...]
) -> GenerationsStanding:
    counts: list[GenerationCounts] = []
    for generation in range(population.generations):
        epochs = (generation + 1) * population.interval
        own = [entry for entry in entries.values() if entry.budget.epochs == epochs]
        finished = sum(entry.key in results for entry in own)
        copies = sum(population.is_copy(entry.proposal()) for entry in own)
        counts.append(GenerationCounts(generation + 1, epochs, finished, len(own) - finished, copies))
    full = population.generations * population.interval
    return GenerationsStanding(tuple(counts), epochs_spent(results.values()), full, lineage)


def lineage_of(trial: int, entries: Entries) -> tuple[int, ...]:
    """Return a trial, and those from whose checkpoints it comes, the latest first."""
    found = [trial]
    while (entry := entries.get((found[-1], 0))) and entry.starts_from is not None:
        found.append(entry.starts_from)
    return tuple(found)


def lineage_text(lineage: tuple[int, ...]) -> str:
    """Return a lineage on one line: `trial 22 started from trial 16, that from 10, that from 4`."""
    first, *others = lineage
    if not others:
        return f"trial {first} started from no other trial"
    return ", that from ".join([f"trial {first} started from trial {others[0]}", *map(str, others[1:])])
