"""Which worker evaluated which trial and when, and how long workers waited for the rest of their batch.

All times come from the results, and each is read from the clock of the host that evaluated the trial. Clocks of
different hosts differ: by milliseconds if they are synchronised, by any amount if they are not. Comparisons across
hosts (the wait at a batch's end, the order of rows) are no more exact than that. A trial's bar is its last attempt. The
time that a killed worker spent on an earlier attempt is in no result, so it is not included.

In a notebook: `waiting(load_study(Path(), "scenario6"))`.
"""

import numpy as np
import pandas as pd

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.results.wording import counted

PAUSE_MEDIANS, PAUSE_LEAST_S = 10.0, 60.0
"""A time without any trial is a pause if it is longer than this many median trials, and than this many seconds."""


def timeline(data: StudyData) -> pd.DataFrame:
    """When and on which worker each evaluation ran.

    Returns:
        One row per evaluation that has both times, sorted by trial. Columns: worker, trial, batch (from 0, as the
        master recorded it), start_s and end_s since the first start. Pauses are included: see `pauses` and
        `without_pauses`.
    """
    trials = data.results.dropna(subset=["claimed_at", "ended_at"])
    begin = trials["claimed_at"].min()
    start_s = (trials["claimed_at"] - begin).dt.total_seconds()
    # The host's clock may have been set back between claim and end. Then the trial counts as taking no time.
    end_s = (trials["ended_at"] - begin).dt.total_seconds().clip(lower=start_s)
    bars = {
        "worker": trials["worker"],
        "trial": trials["trial"],
        "batch": trials["batch"],
        "start_s": start_s.astype("float64"),
        "end_s": end_s.astype("float64"),
    }
    return pd.DataFrame(bars).sort_values("trial", kind="stable", ignore_index=True)


def busy_s(bars: pd.DataFrame) -> float:
    """Seconds of evaluation, from claim to end, summed over workers."""
    return float((bars["end_s"] - bars["start_s"]).sum())


def most_at_once(bars: pd.DataFrame) -> int:
    """How many workers evaluated at the same time, at most. A worker that was started again has another name."""
    changes = pd.concat([pd.Series(1, index=bars["start_s"]), pd.Series(-1, index=bars["end_s"])])
    # Where one trial ends as another begins, the end comes first.
    ordered = changes.reset_index(name="change").sort_values(["index", "change"])
    return max(int(ordered["change"].cumsum().max()), 1) if len(bars) else 0


def workers_text(bars: pd.DataFrame) -> str:
    """How many workers there were: `3 workers`, or `6 workers, at most 3 at once`."""
    names, at_once = bars["worker"].nunique(), most_at_once(bars)
    return f"{counted(names, 'worker')}{f', at most {at_once} at once' if at_once < names else ''}"


def pauses(bars: pd.DataFrame) -> pd.DataFrame:
    """Long times in which no worker had a trial, because the master or all workers were off.

    Args:
        bars: from `timeline`.

    Returns:
        One row per pause, sorted by time: start_s and end_s, in the seconds of `bars`.
    """
    ordered = bars.sort_values("start_s")
    least_s = (
        max(PAUSE_MEDIANS * float((bars["end_s"] - bars["start_s"]).median()), PAUSE_LEAST_S) if len(bars) else 0.0
    )
    idle_from = ordered["end_s"].cummax().to_numpy()[:-1]
    idle_until = ordered["start_s"].to_numpy()[1:]
    is_long = idle_until - idle_from > least_s
    return pd.DataFrame({"start_s": idle_from[is_long], "end_s": idle_until[is_long]})


def without_pauses(bars: pd.DataFrame) -> pd.DataFrame:
    """The bars of `timeline` without pauses: later bars move forward by the length of the pause."""
    cuts = pauses(bars)
    starts, lengths = cuts["start_s"].to_numpy(), (cuts["end_s"] - cuts["start_s"]).to_numpy()
    cut_s = np.concatenate([[0.0], np.cumsum(lengths)])
    # A bar that ends exactly where a pause begins stays; a bar that begins exactly where the pause ends moves.
    moved = {
        "start_s": bars["start_s"] - cut_s[np.searchsorted(starts, bars["start_s"], side="left")],
        "end_s": bars["end_s"] - cut_s[np.searchsorted(starts, bars["end_s"], side="left")],
    }
    return bars.assign(**moved)


def waits_of(data: StudyData, bars: pd.DataFrame) -> pd.DataFrame:
    """The waits of each worker: at the ends of batches, or in an asynchronous study between its trials.

    Args:
        data: the study.
        bars: of its `timeline`, perhaps `without_pauses`.

    Returns:
        As `waits` or `gaps`.
    """
    return gaps(bars) if data.spec.mode else waits(bars)


def gaps(bars: pd.DataFrame) -> pd.DataFrame:
    """The times between one trial of a worker and its next, and from its last to the end of all.

    Args:
        bars: from `timeline` or `without_pauses`.

    Returns:
        One row per trial: worker, batch, start_s (the trial's end) and end_s (the next one's start).
    """
    ordered = bars.sort_values(["worker", "start_s"])
    following = ordered.groupby("worker")["start_s"].shift(-1).fillna(bars["end_s"].max())
    # Times are of the worker's own clock, which may have been set back.
    found = ordered[["worker", "batch"]].assign(start_s=ordered["end_s"], end_s=following.clip(lower=ordered["end_s"]))
    return found.reset_index(drop=True)


def waits(bars: pd.DataFrame) -> pd.DataFrame:
    """The waits of each worker at the end of each batch. Workers wait because the next batch needs all results of one.

    Args:
        bars: from `timeline` or `without_pauses`.

    Returns:
        One row per worker and batch: worker, batch, start_s (the end of the worker's last trial in the batch) and end_s
        (the end of the batch's last trial). A worker that had trials in an earlier and in a later batch, but no trial
        in this one, waits from this batch's first start. The end of an unfinished batch is the latest known end.
    """
    batches = bars.groupby("batch").agg(start_s=("start_s", "min"), end_s=("end_s", "max"))
    last_end_s = bars.groupby(["worker", "batch"])["end_s"].max()
    rows: list[tuple[str, int, float, float]] = []
    for worker, ends in last_end_s.groupby(level="worker"):
        own = ends.droplevel("worker")
        present = batches.loc[own.index.min() : own.index.max()]
        start_s = own.reindex(present.index).fillna(present["start_s"])
        rows += [
            (str(worker), int(batch), float(start), float(end))
            for batch, start, end in zip(present.index, start_s, present["end_s"], strict=True)
        ]
    return pd.DataFrame(rows, columns=["worker", "batch", "start_s", "end_s"])


def waiting(data: StudyData) -> pd.DataFrame:
    """How long each worker evaluated, and how long it waited. Pauses do not count as waiting.

    Returns:
        One row per worker, sorted by its first start: worker, trials, busy_s, waited_s and waited_share, which is
        waited_s / (busy_s + waited_s).
    """
    bars = without_pauses(timeline(data))
    bars["busy_s"] = bars["end_s"] - bars["start_s"]
    table = bars.groupby("worker").agg(first_s=("start_s", "min"), trials=("trial", "size"), busy_s=("busy_s", "sum"))
    idle = waits_of(data, bars)
    waited_s = (idle["end_s"] - idle["start_s"]).groupby(idle["worker"]).sum()
    table["waited_s"] = waited_s.reindex(table.index).astype("float64")
    total_s = table["busy_s"] + table["waited_s"]
    table["waited_share"] = (table["waited_s"] / total_s.where(total_s > 0)).fillna(0.0)
    return table.sort_values("first_s", kind="stable").drop(columns="first_s").reset_index()
