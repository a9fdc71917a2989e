"""Answers of a study whose parameter `varies` selects the source of randomness that differs between replicates.

The values of `varies` are `common.objectives.SOURCES`: no source differs, one source differs while the others keep
their seeds, or all sources differ.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from hyperspool.master.analysis.answers.answer import Answer
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.intervals import deviation_interval
from hyperspool.master.analysis.measures.settings import complete, source_axis
from hyperspool.master.results.wording import counted, first_line, measured_text

NOTHING, EVERYTHING = "none", "all"
MEASURES = {"validation_error": "final validation error", "training_loss": "final training loss"}
_REPEATED = ("training_loss", "validation_loss", "validation_error")


def spread_by_source(data: StudyData) -> list[Answer]:
    """Answer how much the end of training varies with each source of randomness, at equal other parameters."""
    groups = _last_epochs(data)
    if groups is None:
        return []
    found: list[Answer] = []
    for column, measure in MEASURES.items():
        spreads = [spread for source, frame in groups if (spread := _spread(source, frame, column))]
        if len(spreads) > 1:
            found.append(_spread_answer(spreads, measure))
    return found


def curves_without_randomness(data: StudyData) -> list[Answer]:
    """Answer whether runs in which no source of randomness differs have the same curve to the last bit."""
    axis = source_axis(data.spec)
    if axis is None or data.curves.empty:
        return []
    trials = data.trials[data.trials[axis.column] == NOTHING]
    differing: list[str] = []
    compared = 0
    for _, group in data.curves[data.curves["trial"].isin(trials["trial"])].groupby("setting"):
        curves = [curve.reset_index(drop=True) for _, curve in group.groupby("trial")]
        compared += len(curves) if len(curves) > 1 else 0
        differing += [sentence for curve in curves[1:] if (sentence := _deviation(curves[0], curve))]
    if not compared:
        return []
    question = "Do runs with the same seeds give the same curve?"
    if not differing:
        return [Answer(question, (f"Yes: the {compared} curves with the same seeds are equal to the last bit.",))]
    devices = sorted(set(trials["device"]))
    sentences = [
        f"No: {len(differing)} of {counted(compared, 'curve')} with the same seeds differ from the first.",
        *differing[:3],
    ]
    sentences.append(f"They ran on {', '.join(map(first_line, devices))}.")
    return [Answer(question, tuple(sentences))]


def _last_epochs(data: StudyData) -> list[tuple[str, pd.DataFrame]] | None:
    """The last epoch of every COMPLETE run, by source; None if the study does not compare sources."""
    axis = source_axis(data.spec)
    if axis is None or data.curves.empty:
        return None
    last = data.curves.drop_duplicates("trial", keep="last")
    runs = complete(data.trials)[["trial", "diverged", axis.column]].merge(last, on="trial")
    return [(str(source), runs[runs[axis.column] == source]) for source in axis.choices]


def _spread(source: str, runs: pd.DataFrame, column: str) -> dict[str, Any] | None:
    numbers = runs[np.isfinite(runs[column])]
    # The runs may have several settings of the other parameters, and each setting has its own mean.
    interval = deviation_interval(*(group for _, group in numbers.groupby("setting")[column]))
    if interval is None:
        return None
    return {
        "varies": source,
        "runs": len(numbers),
        "standard deviation": interval.centre,
        "at least": interval.low,
        "at most": interval.high,
        "lowest": float(numbers[column].min()),
        "highest": float(numbers[column].max()),
        "diverged": int(runs["diverged"].sum()),
    }


def _spread_answer(spreads: list[dict[str, Any]], measure: str) -> Answer:
    sentences = [_spread_sentence(spread) for spread in spreads]
    single = [spread for spread in spreads if spread["varies"] not in {NOTHING, EVERYTHING}]
    single.sort(key=lambda spread: -spread["standard deviation"])
    if len(single) > 1:
        order = " > ".join(str(spread["varies"]) for spread in single)
        sentences.append(f"By size: {order}.")
        unsure = [
            f"{more['varies']} and {less['varies']}"
            for more, less in pairwise(single)
            if more["at least"] <= less["at most"]
        ]
        if unsure:
            sentences.append(f"Intervals overlap, so the order is uncertain, for {'; for '.join(unsure)}.")
    return Answer(
        f"How much of the spread of the {measure} does each source cause?", tuple(sentences), pd.DataFrame(spreads)
    )


def _spread_sentence(spread: dict[str, Any]) -> str:
    deviation, low, high = (measured_text(spread[name]) for name in ("standard deviation", "at least", "at most"))
    span = f"{measured_text(spread['lowest'])} to {measured_text(spread['highest'])}"
    diverged = f", {spread['diverged']} of them diverged" if spread["diverged"] else ""
    return (
        f"varies {spread['varies']}: standard deviation {deviation} (95% interval {low} to {high}), "
        f"{span} over {counted(spread['runs'], 'run')}{diverged}."
    )


def _deviation(first: pd.DataFrame, other: pd.DataFrame) -> str | None:
    """Say where two curves first differ; None if they are equal."""
    trials = f"trials {first['trial'].iloc[0]} and {other['trial'].iloc[0]}"
    if len(first) != len(other):
        return f"{trials} have {len(first)} and {len(other)} epochs."
    for column in _REPEATED:
        mine, theirs = first[column].to_numpy(), other[column].to_numpy()
        parted = (mine != theirs) & ~(np.isnan(mine) & np.isnan(theirs))
        if parted.any():
            place = int(parted.argmax())
            epoch, name = first["epoch"].iloc[place], column.replace("_", " ")
            return (
                f"{trials} differ from epoch {epoch} on, first by {abs(mine[place] - theirs[place]):.3g} in the {name}."
            )
    return None
