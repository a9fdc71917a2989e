"""The answer of a learning-rate range test."""

from hyperspool.master.analysis.answers.answer import Answer
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.lr_range import Proposal, is_range_test, proposed


def cycle_ends(data: StudyData) -> list[Answer]:
    """Between which learning rates a cycle should move; nothing for any other study."""
    if not is_range_test(data.spec) or data.curves.empty:
        return []
    found = proposed(data)
    question = "Between which learning rates should a cycle move?"
    if not isinstance(found, Proposal):
        return [Answer(question, (f"No range is proposed: {found}.",))]
    begin = f"From {found.eta_min:.3g} (eta_min), where accuracy has begun to rise, to {found.eta_max:.3g} (eta_max), "
    end = (
        "the last rate before it fell or became ragged."
        if found.has_ended
        else "the last rate of the test: accuracy neither fell nor became ragged, so a higher --to may find more room."
    )
    return [Answer(question, (begin + end,))]
