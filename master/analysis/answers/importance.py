"""Which parameters matter, in words: by which method, how sure that is, or why it cannot be said."""

import pandas as pd

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.answers.answer import Answer, listed, measure_of
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.importance import FANOVA, METHODS, PED_ANOVA, Importances, importances
from hyperspool.master.analysis.measures.settings import searched_parameters
from hyperspool.master.results.wording import counted

QUESTION = "Which parameters matter?"
_MEANING = {
    FANOVA: "explains most of how the {measure} varies over the whole space",
    PED_ANOVA: "does most to set the best {best} apart from all",
}


def which_matter(data: StudyData) -> list[Answer]:
    """The most important parameter by each method; of a search that cannot tell, why not."""
    if not searched_parameters(data.spec):
        return []
    found = importances(data)
    if found.reason:
        # A grid of few settings is read value by value: nobody misses importances there.
        return [] if data.spec.sampler.name == "grid" else [Answer(QUESTION, (found.reason,))]
    told = {method: _ranked(found, method) for method in METHODS}
    sentences = [_sentence(rows, method, data.spec, found) for method, rows in told.items()]
    firsts = {str(rows["label"].iloc[0]) for rows in told.values() if len(rows)}
    if len(firsts) > 1:
        sentences.append("The methods differ because they ask differently: over the whole space, and among the best.")
    share = f"{found.main_effects:.0%}"
    rest = "" if share == "100%" else "; the rest is in their interactions"
    sentences.append(f"One by one, parameters explain {share} of the variance{rest}.")
    if found.left_out:
        sentences.append(f"Left out, because not every trial has a value for them: {listed(found.left_out)}.")
    table = found.table.drop(columns="parameter").rename(columns={"label": "parameter"})
    return [Answer(QUESTION, tuple(sentences), table)]


def _ranked(found: Importances, method: str) -> pd.DataFrame:
    rows = found.table[found.table["method"] == method].dropna()
    return rows.sort_values("importance", ascending=False, kind="stable")


def _sentence(rows: pd.DataFrame, method: str, spec: StudySpec, found: Importances) -> str:
    if rows.empty:
        return f"{method} cannot tell: too many trials are as good as the best."
    first, others = rows.iloc[0], rows.iloc[1:]
    meaning = _MEANING[method].format(measure=measure_of(spec), best=counted(found.best, "trial"))
    numbers = f"{first['importance']:.0%}, between {first['low']:.0%} and {first['high']:.0%} on random halves"
    close = [str(label) for label in others.loc[others["high"] >= first["low"], "label"]]
    sure = (
        f"the interval of {listed(close)} overlaps with that, so which matters more is not sure"
        if len(close) == 1
        else f"the intervals of {listed(close)} overlap with that, so which matters most is not sure"
        if close
        else "no other parameter's interval reaches as far"
    )
    return f"By {method}, {first['label']} {meaning} ({numbers}); {sure}."
