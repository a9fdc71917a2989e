"""Who evaluated what and when, and how long workers waited for the rest of their batch.

All times come from the results, where each is told by the clock of the host that evaluated the trial. Clocks of
different hosts may differ, by milliseconds where they are synchronised and by anything where they are not: what is
compared across hosts (the wait at a batch's end, the order of rows) is as good as that. A trial's bar is its last
attempt; what a killed worker did for a trial before is in no result and so not in here.

In a notebook: `waiting(load_study(Path(), "scenario6"))`.
"""

import numpy as np
import pandas as pd

from hyperspool.master.analysis.data.frames import StudyData

PAUSE_MEDIANS, PAUSE_LEAST_S = 10.0, 60.0
"""A time without any trial is a pause if it is longer than so many median trials, and than so many seconds."""


def timeline(data: StudyData) -> pd.DataFrame:
    """When each trial ran, and where.

    Returns:
        One row per trial that has both times, by trial: worker, trial, batch (from 0, as the master
        recorded it), start_s and end_s since the first start. Pauses are in there: see `pauses` and `without_pauses`.
    """
    trials = data.trials.dropna(subset=["claimed_at", "ended_at"])
    begin = trials["claimed_at"].min()
    start_s = (trials["claimed_at"] - begin).dt.total_seconds()
    # A clock that was set back between claim and end: the trial took no negative time.
    end_s = (trials["ended_at"] - begin).dt.total_seconds().clip(lower=start_s)
    bars = {
        "worker": trials["worker"],
        "trial": trials["trial"],
        "batch": trials["batch"],
        "start_s": start_s.astype("float64"),
        "end_s": end_s.astype("float64"),
    }
    return pd.DataFrame(bars).sort_values("trial", ignore_index=True)


def pauses(bars: pd.DataFrame) -> pd.DataFrame:
    """Long times in which no worker had a trial: the master or all workers were off.

    Args:
        bars: of `timeline`.

    Returns:
        One row per pause, by time: start_s and end_s, in the seconds of `bars`.
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
    """The bars of `timeline` with every pause cut out: what comes after it moves up to its begin."""
    cuts = pauses(bars)
    starts, lengths = cuts["start_s"].to_numpy(), (cuts["end_s"] - cuts["start_s"]).to_numpy()
    cut_s = np.concatenate([[0.0], np.cumsum(lengths)])
    # A bar that ends exactly where a pause begins stays; one that begins where it ends moves.
    moved = {
        "start_s": bars["start_s"] - cut_s[np.searchsorted(starts, bars["start_s"], side="left")],
        "end_s": bars["end_s"] - cut_s[np.searchsorted(starts, bars["end_s"], side="left")],
    }
    return bars.assign(**moved)


def waits(bars: pd.DataFrame) -> pd.DataFrame:
    """The waits at the batches' ends: the next batch is proposed when all of one is in.

    Args:
        bars: of `timeline` or `without_pauses`.

    Returns:
        One row per worker and batch: worker, batch, start_s (the end of its last trial in the batch) and end_s (the
        end of the batch's last trial). A worker that had trials in an earlier and in a later batch, but none in this
        one, waits from this batch's first start. Of a batch that is not finished, the end is the latest known.
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
    """How long each worker evaluated, and how long it waited at the batches' ends. Pauses do not count as waiting.

    Returns:
        One row per worker, by its first start: worker, trials, busy_s, waited_s and waited_share, which is waited_s
        over busy_s + waited_s.
    """
    bars = without_pauses(timeline(data))
    bars["busy_s"] = bars["end_s"] - bars["start_s"]
    table = bars.groupby("worker").agg(first_s=("start_s", "min"), trials=("trial", "size"), busy_s=("busy_s", "sum"))
    idle = waits(bars)
    waited_s = (idle["end_s"] - idle["start_s"]).groupby(idle["worker"]).sum()
    table["waited_s"] = waited_s.reindex(table.index).astype("float64")
    total_s = table["busy_s"] + table["waited_s"]
    table["waited_share"] = (table["waited_s"] / total_s.where(total_s > 0)).fillna(0.0)
    return table.sort_values("first_s", kind="stable").drop(columns="first_s").reset_index()
