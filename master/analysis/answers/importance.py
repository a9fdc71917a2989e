"""The answer on parameter importance: by each method, with its uncertainty, or the reason why it is missing."""

import pandas as pd

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.answers.answer import Answer, listed, measure_of
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.importance import (
    FANOVA,
    METHODS,
    PED_ANOVA,
    Importances,
    importances,
    share_text,
    whole_sentence,
)
from hyperspool.master.analysis.measures.settings import searched_parameters
from hyperspool.master.results.wording import counted

QUESTION = "Which parameters matter?"
_MEANING = {
    FANOVA: "by itself explains more of how the {measure} varies over the whole space than any other parameter",
    PED_ANOVA: "distinguishes the best {best} most from all trials",
}


def which_matter(data: StudyData) -> list[Answer]:
    """Answer which parameter is the most important by each method, or why a search does not show it."""
    if not searched_parameters(data.spec):
        return []
    found = importances(data)
    if found.reason:
        # A grid of few settings is compared value by value, so its missing importances are not worth a question.
        return [] if data.spec.sampler.name == "grid" else [Answer(QUESTION, (found.reason,))]
    ranked = {method: _ranked(found, method) for method in METHODS}
    sentences = [_sentence(rows, method, data.spec, found) for method, rows in ranked.items()]
    firsts = {str(rows["label"].iloc[0]) for rows in ranked.values() if len(rows)}
    if len(firsts) > 1:
        sentences.append("The methods differ because one looks at the whole space and the other at the best trials.")
    sentences.append(whole_sentence(found))
    if found.left_out:
        sentences.append(f"Left out, because not every trial has a value for them: {listed(found.left_out)}.")
    table = found.table.drop(columns="parameter").rename(columns={"label": "parameter"})
    return [Answer(QUESTION, tuple(sentences), table)]


def _ranked(found: Importances, method: str) -> pd.DataFrame:
    rows = found.table[found.table["method"] == method].dropna(subset=["importance"])
    return rows.sort_values("importance", ascending=False, kind="stable")


def _sentence(rows: pd.DataFrame, method: str, spec: StudySpec, found: Importances) -> str:
    if rows.empty:
        return f"{method} gives no result: too many trials are as good as the best."
    first, others = rows.iloc[0], rows.iloc[1:]
    meaning = _MEANING[method].format(measure=measure_of(spec), best=counted(found.best, "trial"))
    share = f"By {method}, {first['label']} {meaning} ({share_text(first['importance'])}"
    if method == PED_ANOVA:
        return f"{share}). These shares have no interval, so similar ones cannot be ordered."
    if not found.has_intervals:
        return f"{share}). An interval takes {found.intervals_from} trials."
    close = [str(label) for label in others.loc[others["high"] >= first["low"], "label"]]
    certainty = (
        f"the interval of {listed(close)} overlaps with that, so it is uncertain which of the two matters more"
        if len(close) == 1
        else f"the intervals of {listed(close)} overlap with that, so it is uncertain which matters most"
        if close
        else "no other parameter's interval overlaps with that"
    )
    return f"{share}, 90% interval {share_text(first['low'])} to {share_text(first['high'])}); {certainty}."
