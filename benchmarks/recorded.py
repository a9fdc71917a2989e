"""A table of real trials, on which searches are played: `benchmarks.record_table` made it.

A setting that was not recorded is answered by a surrogate that is fitted to the table: extremely randomised trees on
the logarithm of the error after each epoch (Geurts, Ernst and Wehenkel 2006; Eggensperger et al. 2015, Efficient
Benchmarking of Hyperparameter Optimizers via Surrogates). What that costs in truth is measured by cross-validation,
beside the answer of the nearest recorded setting, which is worse: a search that looks closer always meets the same
neighbour again.
"""

import json
import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.model_selection import cross_val_predict

from hyperspool.common.space import Params, Space

TABLE = Path(__file__).with_name("digits_table.json.xz")
TREES, FOLDS = 100, 10
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """How well an answer stands for a trial that it does not know.

    Attributes:
        rank_correlation: Spearman's, between errors at the whole budget and answers.
        median_error: the median of the absolute differences.
    """

    rank_correlation: float
    median_error: float


class Recorded:
    """The trials of a table, and the surrogate.

    Args:
        path: of the table.

    Attributes:
        space: that was searched, as in a study.
        errors: after each epoch, one row per trial: `(N, epochs)`.
        about: how the table was made.
    """

    def __init__(self, path: Path = TABLE) -> None:
        table: dict[str, Any] = json.loads(lzma.decompress(path.read_bytes()))
        self.about: dict[str, Any] = table["about"]
        self.space: dict[str, Any] = self.about["study"]["space"]
        self.epochs = int(self.about["study"]["budget"]["epochs"])
        self._space = Space.model_validate_json(json.dumps(self.space))
        curves = [row["errors"] for row in table["rows"]]
        # A diverged trial's curve ends early: it would have gone on guessing.
        self.errors: Floats = np.array([curve + curve[-1:] * (self.epochs - len(curve)) for curve in curves])
        self._places = np.array([self._place(row["params"]) for row in table["rows"]])
        self._model = _model().fit(self._places, np.log(self.errors))

    def answers(self, settings: Sequence[Params]) -> Floats:
        """The surrogate's errors after each epoch, one row per setting: `(N, epochs)`."""
        places = np.array([self._place(params) for params in settings], dtype=np.float32)
        # The trees themselves: for one setting, the forest's own `predict` takes ten times as long.
        logs: Floats = np.mean([tree.tree_.predict(places) for tree in self._model.estimators_], axis=0)
        return np.exp(logs).reshape(len(settings), self.epochs)

    def truth(self) -> tuple[Truth, Truth]:
        """How well the surrogate answers for trials that it was not fitted to; and how well the nearest one does."""
        answered = np.exp(cross_val_predict(_model(), self._places, np.log(self.errors), cv=FOLDS))
        distances = ((self._places[:, None] - self._places[None]) ** 2).sum(axis=2)
        np.fill_diagonal(distances, np.inf)
        return _truth(self.errors[:, -1], answered[:, -1]), _truth(
            self.errors[:, -1], self.errors[distances.argmin(axis=1), -1]
        )

    def _place(self, params: Params) -> Floats:
        return np.array([parameter.to_unit(params[name]) for name, parameter in self._space.items()])


def _model() -> ExtraTreesRegressor:
    return ExtraTreesRegressor(TREES, min_samples_leaf=2, random_state=0)


def _truth(errors: Floats, answers: Floats) -> Truth:
    return Truth(float(spearmanr(errors, answers).statistic), float(np.median(np.abs(errors - answers))))
