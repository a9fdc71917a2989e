"""Simulated studies of many workers: how much of the workers' time is used, and what keeps them from more."""

import heapq
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fleet import STUDY
from benchmarks.scaling.check import spec_of
from benchmarks.scaling.costs import Costs
from benchmarks.scaling.model import Simulation
from benchmarks.scaling.place import Outcome, Place
from benchmarks.sleeping import DURATIONS_S
from hyperspool.common.records import Job

NETWORK = Place("NFS, 20,000 requests/s", None, 20_000.0, 0.0003)
"""A file server of a laboratory, and a network between: what both have is a parameter."""
WORKERS = (10, 32, 100, 320, 1000, 3200, 10_000)
SECONDS = (1, 10, 60, 600, 3600)
BATCH_EACH, BATCHES = 2, 2
"""Trials of a batch for each worker, and batches of a study."""
MOST_EACH, MOST_S = 20, 100.0
"""A study is simulated for the time of this many trials and some seconds, if it does not end before."""
MODES = ("in batches", "asynchronous")
FULL, BUSY = 0.9, 0.7
"""A study has no bound if it uses the first share of its workers' time; else what is busy for the second bounds it."""
MEAN_S = sum(DURATIONS_S) / len(DURATIONS_S)


@dataclass(frozen=True)
class Point:
    """One simulated study."""

    workers: int
    seconds: float
    mode: str
    outcome: Outcome

    @property
    def bound(self) -> str:
        """What keeps the workers from more; nothing if they are nearly always busy."""
        if self.outcome.used >= FULL:
            return ""
        if self.mode == MODES[0] and self.outcome.used >= FULL * without_costs(self.workers):
            return "end of batch"
        if self.outcome.server >= BUSY:
            return "file server"
        if self.outcome.master >= BUSY:
            return "master"
        return "end of batch" if self.mode == MODES[0] else "news"


def without_costs(workers: int, batch_each: int = BATCH_EACH) -> float:
    """The share of the workers' time that batches would use if nothing but trials took time."""
    used_s = whole_s = 0.0
    batch = batch_each * workers
    for first in range(0, BATCHES * batch, batch):
        free_s = [0.0] * workers
        for trial in range(first, first + batch):
            seconds = DURATIONS_S[trial % len(DURATIONS_S)]
            used_s += seconds
            heapq.heapreplace(free_s, free_s[0] + seconds)
        whole_s += workers * max(free_s)
    return used_s / whole_s


def points(costs: Costs, workers: Sequence[int], seconds: Sequence[float], place: Place) -> Iterator[Point]:
    """Simulate a study of each size, trials' mean duration and mode. Durations vary as those of scenario 6 do."""
    for count in workers:
        for mean_s in seconds:
            for mode in MODES:
                yield Point(count, mean_s, mode, simulated(costs, count, mean_s, mode, place))


def simulated(
    costs: Costs,
    workers: int,
    mean_s: float,
    mode: str,
    place: Place,
    batch_each: int = BATCH_EACH,
) -> Outcome:
    """Simulate one study."""
    trials, batch = BATCHES * batch_each * workers, batch_each * workers
    text = f"batch = {batch}" if mode == MODES[0] else 'mode = "asynchronous"'
    spec = spec_of(STUDY.format(trials=trials, mode=text, objective="nothing"))

    def seconds_of(job: Job) -> float:
        return mean_s / MEAN_S * DURATIONS_S[job.trial % len(DURATIONS_S)]

    return Simulation(spec, workers, seconds_of, place, costs).run(MOST_EACH * mean_s + MOST_S)


def table(found: Sequence[Point]) -> str:
    """The points as a table of Markdown for each mode: a row for each number of workers."""
    text = ""
    for mode in MODES:
        some = [point for point in found if point.mode == mode]
        seconds = sorted({point.seconds for point in some})
        text += f"\n| workers, {mode} | " + " | ".join(f"{each:,g} s" for each in seconds) + " |\n"
        text += "|---|" + "---|" * len(seconds) + "\n"
        for workers in sorted({point.workers for point in some}):
            cells = {point.seconds: _cell(point) for point in some if point.workers == workers}
            text += f"| {workers:,} | " + " | ".join(cells.get(each, "") for each in seconds) + " |\n"
    return text


def _cell(point: Point) -> str:
    return f"{point.outcome.used:.0%}".replace("%", " %") + (f", {point.bound}" if point.bound else "")


def draw(found: Sequence[Point], path: Path) -> None:
    """Draw the points: a panel for each mode, a line for each duration, a mark for each bound."""
    import matplotlib as mpl

    mpl.use("svg" if path.suffix == ".svg" else "agg")
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    marks = {"": "o", "end of batch": "s", "news": "D", "master": "^", "file server": "X"}
    figure, panels = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
    seconds, counts = (sorted({getattr(point, name) for point in found}) for name in ("seconds", "workers"))
    colours = [plt.get_cmap("viridis")(place / max(len(seconds), 1)) for place in range(len(seconds))]
    for panel, mode in zip(panels, MODES, strict=True):
        for colour, mean_s in zip(colours, seconds, strict=True):
            line = sorted((p for p in found if p.mode == mode and p.seconds == mean_s), key=lambda point: point.workers)
            panel.plot([p.workers for p in line], [100 * p.outcome.used for p in line], color=colour, lw=1.5)
            for point in line:
                panel.plot(point.workers, 100 * point.outcome.used, marks[point.bound], color=colour, ms=6)
        panel.set(xscale="log", xlabel="workers", title=mode, ylim=(0, 103))
        panel.set_xticks(counts, [f"{count:,}" for count in counts], fontsize=8)
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("workers' time that is used (%)")
    lines = [
        Line2D([], [], color=colour, label=f"trials of {_time(each)}")
        for colour, each in zip(colours, seconds, strict=True)
    ]
    names = [Line2D([], [], color="gray", ls="", marker=marks[name], label=name or "no bound") for name in marks]
    figure.legend(handles=[*lines, *names], loc="outside right center", frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)


def _time(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else f"{seconds / 60:g} min" if seconds < 3600 else f"{seconds / 3600:g} h"  # noqa: PLR2004 - seconds of a minute and of an hour


def show(found: Iterator[Point]) -> list[Point]:
    """Collect the points, and say each as soon as it is known."""
    points_found: list[Point] = []
    for point in found:
        outcome = point.outcome
        shares = f"used {outcome.used:.1%}, master {outcome.master:.0%}, file server {outcome.server:.0%}"
        print(
            f"{point.workers} workers, {point.seconds:g} s, {point.mode}: {shares} {point.bound}",
            file=sys.stderr,
            flush=True,
        )
        points_found.append(point)
    return points_found
