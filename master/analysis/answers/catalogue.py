"""The questions that a study answers, each with plain sentences and the numbers behind them.

Every answer is computed from the results so far, so a running study has answers too. A question that the results cannot
answer is left out. Where a statement could be due to chance, the sentence says so (see
`master.analysis.measures.intervals`).
"""

from collections.abc import Callable
from functools import partial

from hyperspool.common.population import PBT
from hyperspool.master.analysis.answers.ablation import which_helps
from hyperspool.master.analysis.answers.answer import Answer
from hyperspool.master.analysis.answers.budgets import best_by_budget
from hyperspool.master.analysis.answers.effects import effects
from hyperspool.master.analysis.answers.extremes import extremes
from hyperspool.master.analysis.answers.finalists import best_finalist
from hyperspool.master.analysis.answers.grids import best_for_each, epoch_times
from hyperspool.master.analysis.answers.importance import which_matter
from hyperspool.master.analysis.answers.randomness import curves_without_randomness, spread_by_source
from hyperspool.master.analysis.answers.rounds import narrowing
from hyperspool.master.analysis.answers.settings import best_two, divergences
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.data.missing import Missing, made_or_missing
from hyperspool.master.analysis.data.phases import of_search
from hyperspool.master.analysis.measures.lr_range import Proposal, is_range_test, proposed


def cycle_ends(data: StudyData) -> list[Answer]:
    """Answer between which learning rates a cycle should move; empty unless the study is a range test."""
    if not is_range_test(data.spec) or data.curves.empty:
        return []
    found = proposed(data)
    question = "Between which learning rates should a cycle move?"
    if not isinstance(found, Proposal):
        return [Answer(question, (f"No range is proposed: {found}.",))]
    begin = f"From {found.eta_min:.3g} (eta_min), where accuracy has begun to rise, to {found.eta_max:.3g} (eta_max), "
    end = (
        "the last rate before accuracy fell or became ragged."
        if found.has_ended
        else "the last rate of the test. Accuracy neither fell nor became ragged: a higher --to may find more room."
    )
    return [Answer(question, (begin + end,))]


Questions = tuple[Callable[[StudyData], list[Answer]], ...]

_QUESTIONS: Questions = (
    cycle_ends,
    narrowing,
    best_for_each,
    best_by_budget,
    extremes,
    best_two,
    effects,
    which_matter,
    spread_by_source,
    curves_without_randomness,
    divergences,
    epoch_times,
)
_QUESTIONS_OF_CASES = (divergences, epoch_times)
"""For an ablation and for a population. Their trials are not a sample of the space, so they do not show the effect of a
single parameter."""


def answers(data: StudyData, missing: list[Missing] | None = None) -> list[Answer]:
    """The answers that the study's results give, the most informative first; empty before the first result.

    Args:
        data: the study.
        missing: gets an entry for each question whose answer fails; None: the error is raised.
    """
    if data.trials.empty:
        return []
    searched = of_search(data)
    of_whole: Questions = (best_finalist,)
    of_searched = _QUESTIONS
    if data.spec.ablation:
        of_whole, of_searched = (which_helps,), _QUESTIONS_OF_CASES
    elif data.spec.sampler.name == PBT:
        of_whole, of_searched = (), _QUESTIONS_OF_CASES
    asked = [*((question, data) for question in of_whole), *((question, searched) for question in of_searched)]
    found: list[Answer] = []
    for question, shown in asked:
        what = f"The answer {question.__name__.replace('_', ' ')}"
        found += made_or_missing(what, partial(question, shown), missing) or []
    return found
