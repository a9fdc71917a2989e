"""What the rungs of a study hold, and what successive halving saves."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hyperspool.common.errors import SearchError
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.outcome import Finished
from hyperspool.master.results.wording import counted


@dataclass(frozen=True)
class RungCounts:
    """A rung of a study.

    Attributes:
        rung: its number, from 0.
        epochs: the budget of its evaluations, including what the rungs below got.
        finished: the evaluations that have a result.
        open: those that are proposed and have none yet.
        promoted: the trials that went on to the next rung.
    """

    rung: int
    epochs: int
    finished: int
    open: int
    promoted: int


@dataclass(frozen=True)
class RungsStanding:
    """The rungs of a study.

    Attributes:
        rungs: the lowest first.
        epochs_spent: the epochs that were trained, each once.
        epochs_of_full: what the same trials would have taken without halving.
    """

    rungs: tuple[RungCounts, ...]
    epochs_spent: int
    epochs_of_full: int

    def to_json(self) -> dict[str, Any]:
        """As `status --json` has it, two keys."""
        return {
            "rungs": [asdict(each) for each in self.rungs],
            "epochs": {"spent": self.epochs_spent, "of_full_trainings": self.epochs_of_full},
        }

    @property
    def cost(self) -> tuple[str, str]:
        """What it took, for the report: a number and what it counts."""
        return f"{self.epochs_spent} of {self.epochs_of_full}", "epochs trained, of those of full trainings"

    def sentences(self) -> list[str]:
        """One line for each rung that holds something, and one for what it all cost."""
        lines = [
            f"rung {each.rung}, {counted(each.epochs, 'epoch')}: {each.finished} finished"
            + (f", {each.open} open" if each.open else "")
            + (f", {each.promoted} promoted" if each.promoted else "")
            for each in self.rungs
            if each.finished or each.open
        ]
        if not self.epochs_of_full:
            return lines
        share = f"{self.epochs_spent / self.epochs_of_full:.0%} of the {self.epochs_of_full}"
        return [*lines, f"{counted(self.epochs_spent, 'epoch')} trained, {share} that full trainings would have cost"]


def counted_rungs(
    ladder: tuple[int, ...], proposed: Collection[EvaluationKey], results: Mapping[EvaluationKey, Finished]
) -> RungsStanding:
    """Count the evaluations of each rung.

    Args:
        ladder: the epochs of each rung, the lowest first.
        proposed: the evaluations that are proposed.
        results: of the study so far.
    """
    finished, every = results.keys(), set(proposed) | results.keys()
    begun_at: dict[int, int] = {}
    for trial, rung in sorted(every):
        begun_at.setdefault(trial, rung)
    counts = [
        RungCounts(
            rung,
            epochs,
            finished=sum(key[1] == rung for key in finished),
            open=sum(key[1] == rung for key in every - finished),
            promoted=sum(key[1] == rung + 1 and begun_at[key[0]] <= rung for key in every),
        )
        for rung, epochs in enumerate(ladder)
    ]
    return RungsStanding(tuple(counts), epochs_spent(results.values()), len(begun_at) * ladder[-1])


def epochs_spent(results: Iterable[Finished]) -> int:
    """Return the epochs that were trained, each once."""
    return sum(max(result.epochs - result.resumed_from_epoch, 0) for result in results)


def need_epochs(result: Finished) -> None:
    """Check that an evaluation of a part of the budget was one.

    Raises:
        SearchError: the objective reported no epoch, so its value need not be of fewer epochs than others.
    """
    if result.can_be_promoted and not result.epochs:
        raise SearchError(
            f"trial {result.trial} reported no epoch, so the study cannot tell what it did with "
            f"{result.budget.epochs} of {result.horizon.epochs if result.horizon else 0} epochs: report each epoch, as "
            "trial.report(...) or a printed line does, or search without halving, pbt and budget.horizon. What was "
            "evaluated is kept"
        )
