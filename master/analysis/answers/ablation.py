"""The answer of an ablation: which improvements help."""

from hyperspool.master.analysis.answers.answer import Answer
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.exports.ablation_table import short_cells
from hyperspool.master.analysis.measures.ablation import ablation_rows, ablation_verdict


def which_helps(data: StudyData) -> list[Answer]:
    """Which improvements are better than the base, and by how much."""
    rows = ablation_rows(data.spec, data.evaluations)
    if not any(row.fresh.finite for row in rows):
        return []
    return [Answer("Which improvement helps?", ablation_verdict(data.spec, rows), short_cells(data.spec, rows))]
