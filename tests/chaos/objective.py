"""An objective that tells every lost, doubled or misplaced epoch by its numbers, and takes milliseconds."""

import json
import threading
from typing import Any

from hyperspool.worker.objectives.trial import Trial, TrialStopped

EPOCH_S = 0.004
"""How long an epoch takes, so that a signal can hit its middle."""


def logistic(params: dict[str, Any], trial: Trial) -> float:
    """Iterate the logistic map, a step an epoch; report it, save it, and go on from where an earlier attempt was.

    The map is chaotic: a step that is left out or done twice changes every number after it. The seconds that it reports
    are fixed, so that its curve can be compared byte for byte.
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
