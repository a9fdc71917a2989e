"""The command `simulate`: random searches simulated from a study's trials, as sentences, tables and figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hyperspool.common.errors import UsageError
from hyperspool.common.population import PBT
from hyperspool.master.analysis.data.frames import StudyData, spent_s
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.files import save_figure
from hyperspool.master.analysis.figures.simulation import WORKERS, study_figures
from hyperspool.master.analysis.measures.drawn_trials import kept_values
from hyperspool.master.analysis.measures.replay import speedups
from hyperspool.master.analysis.measures.simulation import (
    Floats,
    best_so_far,
    exact_mean,
    exact_quantile,
    simulated_quantiles,
    to_minimise,
    turned_back,
)
from hyperspool.master.analysis.measures.simulation_summary import simulation_summary

QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class SimulatedStudy:
    """Random searches simulated from a study's finished trials.

    Args:
        data: the study; at least one trial must have a result.
        runs: how many searches to simulate.
        seed: of the shuffling.

    Raises:
        UsageError: the study is an ablation, has rungs or trains a population, or no trial has a result.
    """

    data: StudyData
    runs: int
    seed: int

    def __post_init__(self) -> None:
        if self.data.spec.ablation:
            raise UsageError(
                f"study {self.data.spec.name} is an ablation: each of its test cases is a search of its own, so there "
                "is no search to simulate"
            )
        if self.data.spec.halving:
            raise UsageError(
                f"study {self.data.spec.name} has rungs: most of its trials were stopped after few epochs, so their "
                "values say nothing of another order"
            )
        if self.data.spec.sampler.name == PBT:
            raise UsageError(
                f"study {self.data.spec.name} trains a population, in which each generation follows from the last one, "
                "so no other order is possible"
            )
        if not len(self.data.trials):
            raise UsageError(f"study {self.data.spec.name} has no finished trial yet, so there is nothing to simulate")

    @property
    def sentences(self) -> Iterator[str]:
        """The results in sentences, each of which can stand alone."""
        spec = self.data.spec
        if spec.sampler.name != "random":
            yield (
                f"The trials come from {spec.sampler.name} search. Shuffling shows how a random order of the same "
                "trials would have done."
            )
        yield from simulation_summary(self._values, self._seconds, spec.batch, spec.objective.direction)
        yield (
            f"The median of {self.runs:,} simulated searches differs from the exact median by at most "
            f"{float(np.nanmax(np.abs(self._simulated[1] - self._exact[1]), initial=0.0)):.2g}."
        )
        yield "Below is the best value so far: exact over all orders, and (sim.) over the simulated searches."

    @cached_property
    def table(self) -> pd.DataFrame:
        """The best value so far after 1, 2, 4, ... evaluations: exact mean and quartiles, simulated quartiles."""
        count = len(self._values)
        shown = sorted({min(2**power, count) for power in range(count.bit_length() + 1)})
        columns: dict[str, Any] = {"evaluations": shown}
        rows = np.array(shown) - 1
        columns["mean"] = self._mean[rows]
        for prefix, curves in (("", self._exact), ("sim. ", self._simulated)):
            for name, curve in zip(("25 %", "median", "75 %"), curves, strict=True):
                columns[prefix + name] = curve[rows]
        return pd.DataFrame(columns)

    @cached_property
    def speedups(self) -> pd.DataFrame:
        """The speedup of more workers, in batches and asynchronous."""
        return speedups(self._seconds, self.data.spec.batch, WORKERS)

    @property
    def figures(self) -> list[NamedFigure]:
        """The figures of the simulated searches."""
        return study_figures(self.data, self.runs, self.seed)

    def save(self, out: Path) -> list[Path]:
        """Write the figures as PNG and SVG into `out`, which is created if it does not exist."""
        return [path for figure in self.figures for path in save_figure(figure, out).paths]

    def to_json(self) -> dict[str, Any]:
        """The output of `simulate --json`: curves after t = 1..n evaluations; None where no trial has a value yet."""
        exact, simulated = (
            dict(zip(("q25", "median", "q75"), map(_json_list, curves), strict=True))
            for curves in (self._exact, self._simulated)
        )
        return {
            "study": self.data.spec.name,
            "runs": self.runs,
            "exact": {"mean": _json_list(self._mean)} | exact,
            "simulated": simulated,
            "workers": self.speedups.to_dict("records"),
        }

    @property
    def _direction(self) -> Any:
        return self.data.spec.objective.direction

    @cached_property
    def _values(self) -> Floats:
        return kept_values(self.data)

    @cached_property
    def _lower(self) -> Floats:
        return to_minimise(self._values, self._direction)

    @cached_property
    def _seconds(self) -> Floats:
        return np.asarray(spent_s(self.data.trials), dtype=np.float64)

    @cached_property
    def _mean(self) -> Floats:
        return to_minimise(exact_mean(self._lower), self._direction)

    @cached_property
    def _exact(self) -> Floats:
        return turned_back(np.stack([exact_quantile(self._lower, level) for level in QUARTILES]), self._direction)

    @cached_property
    def _simulated(self) -> Floats:
        best = best_so_far(self._lower, self.runs, self.seed)
        return turned_back(simulated_quantiles(best, QUARTILES), self._direction)


def _json_list(curve: Floats) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in curve]
