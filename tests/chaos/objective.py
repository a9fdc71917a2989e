"""An objective whose numbers reveal every lost, doubled or misplaced epoch, and that takes milliseconds."""

import json
import threading
from typing import Any

from hyperspool.worker.objectives.trial import Trial, TrialStopped

EPOCH_S = 0.004
"""The duration of an epoch: long enough for a signal to hit its middle."""


def logistic(params: dict[str, Any], trial: Trial) -> float:
    """Iterate the logistic map, one step per epoch; report and save each, and resume from an earlier attempt's step.

    The map is chaotic: a step that is skipped or repeated changes every number after it. The reported seconds are
    fixed, so that curves can be compared byte for byte.
    """
    saved = trial.load()
    step, state = json.loads(saved) if saved else (0, float(params["x"]))
    while step < trial.epochs:
        if trial.should_stop():
            trial.save(json.dumps([step, state]).encode())
            raise TrialStopped
        threading.Event().wait(EPOCH_S)
        step, state = step + 1, 3.9 * state * (1.0 - state)
        trial.report(seconds=0.25, training_loss=state / 3, validation_loss=state / 7, validation_error=state)
        trial.save(json.dumps([step, state]).encode())
    return state
