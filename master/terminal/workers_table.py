"""What each worker of a study does, in a terminal."""

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.text import Text

from hyperspool.common.gpus import GpuUse, gpu_use
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.study_objective import Objective
from hyperspool.master.results.progress import Progress
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import duration_text, first_line, measured_text, params_text
from hyperspool.master.terminal.word_table import Heading, WordTable

METRICS_SHOWN = 2
GIB = 2**30
GPU_S = 2.0
"""A GPU's driver is asked no more often."""


@dataclass(frozen=True)
class WorkerRow:
    """A worker, in words.

    Attributes:
        worker: its name.
        device: its device.
        trial: the trial that it evaluates, or why it evaluates none.
        epoch: how far it is: `3/50`.
        epoch_s: the seconds of an epoch.
        left: the time until the trial ends, as estimated.
        gpu: memory and use of its GPU.
        metrics: the last ones of the trial.
        params: those of the trial.
        is_silent: whether its heartbeat is missing.
    """

    worker: str
    device: str
    trial: str
    epoch: str = ""
    epoch_s: str = ""
    left: str = ""
    gpu: str = ""
    metrics: str = ""
    params: str = ""
    is_silent: bool = False


COLUMNS: Mapping[str, Callable[[WorkerRow], str]] = {
    "worker": lambda row: row.worker,
    "device": lambda row: row.device,
    "trial": lambda row: row.trial,
    "epoch": lambda row: row.epoch,
    "s/epoch": lambda row: row.epoch_s,
    "left": lambda row: row.left,
    "GPU": lambda row: row.gpu,
    "last metrics": lambda row: row.metrics,
}
NAMES = ("worker", "device", "last metrics")


@dataclass(frozen=True)
class WorkersTable:
    """A table of workers. Columns in which no worker has anything are left out.

    Attributes:
        rows: a worker each.
        has_params: whether the params of each trial stand below the table.
    """

    rows: Sequence[WorkerRow]
    has_params: bool = True

    def brief(self, count: int | None = None) -> "WorkersTable":
        """The table without params, and with no more than some of the workers, those that evaluate a trial first."""
        rows = self.rows
        if count is not None:
            rows = sorted(rows, key=lambda row: not row.params)[:count]
        return replace(self, rows=rows, has_params=False)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table, and below it the params of the running trials."""
        tables = [self._table(metrics) for metrics in range(METRICS_SHOWN, -1, -1)]
        yield next((table for table in tables if table.natural_width <= options.max_width), tables[-1])
        if self.has_params:
            for row in self.rows:
                if row.params:
                    yield Padding(Text(f"trial {row.trial}: {row.params}", style="dim"), (0, 0, 0, 2), expand=False)

    def _table(self, metrics: int) -> WordTable:
        """The table with the first few metrics of each worker."""
        rows = [row if row.trial == "-" else replace(row, metrics=_first(row.metrics, metrics)) for row in self.rows]
        shown = {label: cell for label, cell in COLUMNS.items() if any(cell(row) for row in rows)}
        table = WordTable([Heading(label, is_name=label in NAMES, style="cyan") for label in shown])
        for row in rows:
            table.add(*(cell(row) for cell in shown.values()), style="red" if row.is_silent else "")
        return table


def _first(metrics: str, count: int) -> str:
    return " ".join(metrics.split()[:count])


def workers_table(standing: Standing, progress_of: Callable[[WorkerRecord], Progress] | None = None) -> WorkersTable:
    """Return the table of a study's workers, with those that still load.

    Args:
        standing: of the study.
        progress_of: reads how far a worker is; None: the heartbeats alone are shown.
    """
    rows = [_row(standing, worker, progress_of) for worker in standing.workers]
    return WorkersTable([*rows, *(_loading(label) for label in standing.loading)])


def _row(standing: Standing, worker: WorkerRecord, progress_of: Callable[[WorkerRecord], Progress] | None) -> WorkerRow:
    is_silent = worker.worker in standing.silent
    name = worker.worker + (" (silent)" if is_silent else "")
    row = WorkerRow(name, first_line(worker.device), worker.state, gpu=_gpu_text(worker), is_silent=is_silent)
    if standing.is_idle(worker):  # one whose trial has its result is between trials
        return row if worker.trial is None else replace(row, trial="-", metrics="between trials")
    rung = f" rung {worker.rung or 0}" if standing.rungs else ""
    of_all = f"/{worker.epochs}" if standing.spec.budget else ""
    entry = standing.journal.entries.get((worker.trial or 0, worker.rung or 0))
    progress = progress_of(worker) if progress_of else Progress(worker.epochs)
    return replace(
        row,
        trial=f"{worker.trial}{rung}",
        epoch=f"{progress.recent[-1].epoch if progress.recent else worker.epoch}{of_all}",
        epoch_s="" if progress.epoch_s is None else f"{progress.epoch_s:.3g}",
        left="" if progress.left_s is None else duration_text(progress.left_s),
        metrics=_metrics_text(standing.spec.objective, progress.metrics),
        params=params_text(entry.params) if entry else "",
    )


def _loading(label: str) -> WorkerRow:
    worker, _, device = label.partition(" on ")
    return WorkerRow(worker, device, "loading")


def _metrics_text(objective: Objective, metrics: Mapping[str, float]) -> str:
    """The last metrics, the study's own measure first: it alone is shown if there is no room for more."""
    # Then from the last one reported on: a training loss comes before what it leads to.
    own = [name for name in metrics if name in {objective.measure, objective.measure_name}]
    ordered = dict.fromkeys([*own, *list(metrics)[::-1]])
    return " ".join(f"{name}={measured_text(metrics[name])}" for name in list(ordered)[:METRICS_SHOWN])


def _gpu_text(worker: WorkerRecord) -> str:
    """The use of a worker's GPU, if it is one of this host's: `9.8 of 80 GiB, 97% busy`; else empty."""
    if worker.gpu is None or worker.host != socket.gethostname():
        return ""
    use = _recent_use(worker.gpu, int(time.monotonic() / GPU_S))
    return "" if use is None else gpu_text(use)


@lru_cache(maxsize=64)
def _recent_use(gpu: str, _moment: int) -> GpuUse | None:
    return gpu_use(gpu)


def gpu_text(use: GpuUse) -> str:
    """How much of a GPU is in use: `9.8 of 80 GiB, 97% busy`."""
    busy = "" if use.busy is None else f", {use.busy:.0%} busy"
    return f"{use.used_bytes / GIB:.1f} of {use.memory_bytes / GIB:.0f} GiB{busy}"
