"""The answer of an ablation: which improvements help."""

from collections.abc import Sequence

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.answers.answer import Answer, listed
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.exports.ablation_table import short_cells
from hyperspool.master.analysis.measures.ablation import Row, ablation_rows
from hyperspool.master.analysis.measures.intervals import Comparison
from hyperspool.master.results.wording import counted, signed_text


def which_helps(data: StudyData) -> list[Answer]:
    """Answer which improvements are better than the base, and by how much."""
    rows = ablation_rows(data.spec, data.evaluations)
    if not any(row.fresh.finite for row in rows):
        return []
    return [Answer("Which improvement helps?", ablation_verdict(data.spec, rows), short_cells(data.spec, rows))]


def ablation_verdict(spec: StudySpec, rows: Sequence[Row]) -> tuple[str, ...]:
    """Say which improvements help, which harm, and for which the replicates do not decide.

    Args:
        spec: the study.
        rows: from `ablation_rows`.
    """
    compared = [(row, row.comparison) for row in rows if row.comparison]
    if not compared:
        return ("No case can be compared with the base yet: both need replicates.",)
    replicates = counted(spec.confirm.replicates, "fresh replicate") if spec.confirm else "fresh replicates"
    better = [row for row, seen in compared if seen.winner == row.fresh.name]
    worse = [row for row, seen in compared if seen.winner == rows[0].fresh.name]
    undecided = [(row, seen) for row, seen in compared if seen.winner is None]
    sentences = [f"Better than the base, by {replicates} of each case's best setting: {_gains(better)}."]
    sentences += [f"Worse: {_gains(worse)}."] if worse else []
    sentences += [_undecided_sentence(undecided, len(compared))] if undecided else []
    sentences.append(
        "Each interval holds for its case alone: of twenty cases without any effect, about one would seem to help or "
        "to harm."
    )
    return tuple(sentences)


def _gains(rows: Sequence[Row]) -> str:
    return listed([f"{row.case.name} ({signed_text(row.gain)})" for row in rows]) if rows else "none"


def _undecided_sentence(undecided: Sequence[tuple[Row, Comparison]], compared: int) -> str:
    sentence = f"Undecided: {len(undecided)} of {counted(compared, 'case')}, by these replicates."
    needs = [(seen.needed, row.case.name) for row, seen in undecided if seen.needed]
    if not needs:
        return sentence
    needed, name = min(needs)
    return f"{sentence} The clearest of them, {name}, would need about {needed} of each."
