"""Keeps Optuna's own messages out of the master's output."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import optuna
from optuna.exceptions import ExperimentalWarning


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Silence Optuna's log on studies in memory, and its warnings that a part that is used here is experimental.

    Its Gaussian process divides 0 by 0 where only one point can keep the constraints; it then starts from that point.
    Its NSGA-III looks for the largest number of a generation, which has none if every trial failed.
    """
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.ERROR)
    try:
        with warnings.catch_warnings(), np.errstate(invalid="ignore"):
            warnings.simplefilter("ignore", ExperimentalWarning)
            warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)
