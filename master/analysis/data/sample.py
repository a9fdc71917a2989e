"""Of very many trials, those that a page shows: what a page takes stays bounded, and its pictures readable.

Whole settings are taken, so that the replicates of each stay together: those of the best, and of the others every n-th.
The trials that confirm finalists are all taken. The best are too many among so few, so nothing may be said from a
sample about how soon a search finds them.
"""

import math

from hyperspool.master.results.reading import StudyResults
from hyperspool.master.results.standing import Standing

MOST_SHOWN = 5000
"""Trials. More dots are no longer seen apart."""
BEST_KEPT = 20


def sample(read: StudyResults, standing: Standing) -> StudyResults:
    """Choose the results that a page shows; all, if they are not more than `MOST_SHOWN` trials'.

    Args:
        read: all results of a study.
        standing: of the same results.
    """
    trials = {trial for trial, _ in read.results}
    if len(trials) <= MOST_SHOWN:
        return read
    every = math.ceil(len(trials) / MOST_SHOWN)
    stages = {trial: entry.stage for (trial, _), entry in standing.journal.entries.items()}
    kept = {seen.trial for best in standing.best(BEST_KEPT) for seen in best.searched.evaluations}
    for trial in trials - kept:
        stage = stages.get(trial)
        if (stage is not None and not stage.is_search) or (stage.setting if stage else trial) % every == 0:
            kept.add(trial)
    chosen = {key: result for key, result in read.results.items() if key[0] in kept}
    landed_s = {key: read.landed_s[key] for key in chosen}
    return StudyResults(chosen, landed_s, read.foreign, read.unreadable, len(trials) - len(kept))


def sample_sentence(shown: int, left_out: int) -> str:
    """Say what is shown; empty if nothing is left out."""
    if not left_out:
        return ""
    every = math.ceil((shown + left_out) / MOST_SHOWN)
    return (
        f"Figures, answers and tables are of {shown:,} of the {shown + left_out:,} trials: those of the best settings, "
        f"and of one in {every} others. What is best, and the numbers above, are of all trials; `export` writes all."
    )
