"""What a study answers: its questions, each with plain sentences and the numbers behind them.

Everything is computed from the results at hand, also while a study runs; a question that they cannot answer is not
asked. Where a statement could be chance, the sentence says so (see `master.analysis.intervals`).
"""

from collections.abc import Callable

from hyperspool.master.analysis.answers.ablation import which_helps
from hyperspool.master.analysis.answers.answer import Answer
from hyperspool.master.analysis.answers.budgets import best_by_budget
from hyperspool.master.analysis.answers.finalists import best_finalist
from hyperspool.master.analysis.answers.grids import best_for_each, epoch_times
from hyperspool.master.analysis.answers.importance import which_matter
from hyperspool.master.analysis.answers.lr_range import cycle_ends
from hyperspool.master.analysis.answers.randomness import curves_without_randomness, spread_by_source
from hyperspool.master.analysis.answers.rounds import narrowing
from hyperspool.master.analysis.answers.settings import best_two, correlations, divergences
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.data.phases import of_search

_QUESTIONS: tuple[Callable[[StudyData], list[Answer]], ...] = (
    cycle_ends,
    narrowing,
    best_for_each,
    best_by_budget,
    best_two,
    correlations,
    which_matter,
    spread_by_source,
    curves_without_randomness,
    divergences,
    epoch_times,
)
_QUESTIONS_OF_CASES = (divergences, epoch_times)
"""The trials of test cases are no sample of the space: over all of them, no parameter's effect can be told."""


def answers(data: StudyData) -> list[Answer]:
    """The answers that the study's results give, the most telling first; empty before the first result."""
    if data.trials.empty:
        return []
    searched = of_search(data)
    if data.spec.ablation:
        return which_helps(data) + [answer for question in _QUESTIONS_OF_CASES for answer in question(searched)]
    return best_finalist(data) + [answer for question in _QUESTIONS for answer in question(searched)]
