"""An objective that sleeps as long as a trial of scenario 6 computes, in a module that imports little."""

import os
import time

from hyperspool import Trial

DURATIONS_S = (
    *(6.87, 4.23, 1.75, 1.10, 2.83, 0.95, 4.17, 4.55, 3.60, 4.18, 2.18, 0.46, 2.01, 1.66, 3.42, 3.02, 2.83, 5.95, 3.05),
    *(2.82, 3.24, 4.92, 5.57, 1.18, 8.82, 0.94, 4.35, 6.80, 6.68, 6.24, 0.90, 1.26, 4.90, 5.22, 1.74, 0.93, 3.14, 3.17),
    *(0.95, 2.95),
)
"""The CPU seconds of scenario 6's 40 trials, in their order, on one core of an x86-64 machine."""
SLOWNESS = "BENCHMARK_SLOWNESS"
"""The environment variable by which a worker's sleeps are longer."""


SCALE = "BENCHMARK_SCALE"
"""The environment variable that says how many times as long all sleeps are."""


def compute(_params: object, trial: Trial) -> float:
    """Sleep as long as scenario 6's trial of the same number computes."""
    time.sleep(DURATIONS_S[trial.number % len(DURATIONS_S)] * float(os.environ[SCALE]))
    return float(trial.number)


def sleep(params: dict[str, int], _trial: object) -> float:
    """Sleep like the trial of scenario 6 with the number `place`, counted round and round."""
    time.sleep(DURATIONS_S[params["place"] % len(DURATIONS_S)] * float(os.environ[SLOWNESS]))
    return float(params["place"])
