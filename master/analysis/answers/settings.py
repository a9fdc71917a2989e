"""Answers on settings: the comparison of the best two, and what diverged."""

from typing import Any

import pandas as pd

from hyperspool.master.analysis.answers.answer import (
    MAX_SENTENCES,
    Answer,
    by_value,
    compared_axes,
    listed,
    measure_of,
    setting_sample,
)
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.data.phases import keeping
from hyperspool.master.analysis.measures.intervals import Sample, difference, mean_interval
from hyperspool.master.analysis.measures.settings import is_grid, setting_labels, settings_table
from hyperspool.master.results.wording import counted, measured_text


def best_two(data: StudyData) -> list[Answer]:
    """Answer whether the best setting is better than the next, by their replicates."""
    data, axes = keeping(data), compared_axes(data.spec)
    ranked = by_value(settings_table(data), data.spec)
    if not axes or len(ranked) < 2:  # noqa: PLR2004 - a comparison takes two
        return []
    firsts = data.trials.drop_duplicates("setting").set_index("setting")["trial"]
    # A label of four random numbers would be too long to appear twice in a sentence.
    names = ranked["label"] if is_grid(axes) else "trial " + ranked["setting"].map(firsts).astype(str)
    samples = [setting_sample(data, int(s), str(name)) for s, name in zip(ranked["setting"][:2], names, strict=False)]
    compared = difference(samples[0], samples[1], data.spec.objective.direction)
    measure = measure_of(data.spec)
    values = [
        f"{sample.name}: {measure} {measured_text(float(row['mean']))}"
        + (f" (mean of {int(row['n_complete'])})" if row["n_complete"] > 1 else "")
        for sample, (_, row) in zip(samples, ranked.iterrows(), strict=False)
    ]
    sentences = [
        f"The best two of {len(ranked)} settings are {listed(values)}.",
        f"Which of the two is better: {compared.verdict}.",
    ]
    return [Answer("Which of the two best settings is better?", tuple(sentences), _samples_table(samples))]


def _samples_table(samples: list[Sample]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for sample in samples:
        interval = mean_interval(sample.values)
        mean = sum(sample.finite) / len(sample.finite)
        low, high = (interval.low, interval.high) if interval else (None, None)
        rows.append({"setting": sample.name, "replicates": len(sample.finite), "mean": mean, "low": low, "high": high})
    return pd.DataFrame(rows)


def divergences(data: StudyData) -> list[Answer]:
    """Answer which settings diverged, and in which epochs."""
    diverged = data.trials[data.trials["diverged"]]
    if data.curves.empty and diverged.empty:
        return []
    question = "Which settings diverged, and when?"
    if diverged.empty:
        return [Answer(question, (f"None of {counted(len(data.trials), 'trial')} diverged.",))]
    labels = setting_labels(data)
    sizes = data.trials["setting"].value_counts()
    rows = [
        {
            "setting": labels[setting],
            "diverged": len(trials),
            "trials": int(sizes[setting]),
            "epochs": listed([str(epoch) for epoch in sorted(trials["epochs"])]),
        }
        for setting, trials in ((int(str(key)), group) for key, group in diverged.groupby("setting"))
    ]
    share = f"{len(diverged)} of {counted(len(data.trials), 'trial')} ({len(diverged) / len(data.trials):.0%})"
    sentences = [f"{share} diverged, in {counted(len(rows), 'setting')}."]
    sentences += [_divergence_sentence(row) for row in rows[:MAX_SENTENCES]]
    if len(rows) > MAX_SENTENCES:
        sentences.append(f"The table has the other {len(rows) - MAX_SENTENCES}.")
    return [Answer(question, tuple(sentences), pd.DataFrame(rows))]


def _divergence_sentence(row: dict[str, Any]) -> str:
    epochs = "epoch" if row["diverged"] == 1 else "epochs"
    which = "" if row["trials"] == 1 else f"{row['diverged']} of {counted(row['trials'], 'replicate')}, "
    return f"{row['setting']}: {which}in {epochs} {row['epochs']}."
