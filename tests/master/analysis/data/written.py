"""Studies, results and curves for the data frames, written by the test."""

from pathlib import Path
from typing import Any

from hyperspool.common import atomic
from hyperspool.common.curve import to_text
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import (
    Attribution,
    Budget,
    Result,
    Seeds,
    Status,
    Times,
)
from hyperspool.common.study_spec import StudySpec


def publish(root: Path, space: dict[str, Any], *, trials: int = 10) -> StudyFolder:
    """Publish a study of a user's own objective."""
    table = {"name": "demo", "trials": trials, "objective": {"name": "mine"}, "budget": {"epochs": 3}, "space": space}
    folder = StudyFolder(root, "demo")
    for path in (*folder.folders, folder.trial_folder(0)):
        atomic.make_folder(path)
    atomic.write_once(folder.spec, StudySpec.model_validate(table).to_json())
    return folder


def epochs_of(*errors: float, loss: float = 1.0) -> list[EpochRecord]:
    """A curve of half-second epochs."""
    return [
        EpochRecord.of(
            epoch=number,
            seconds=0.5,
            training_loss=loss,
            validation_loss=2.0,
            validation_error=error,
            learning_rate=0.1,
        )
        for number, error in enumerate(errors, start=1)
    ]


def finish(
    folder: StudyFolder, trial: int, params: dict[str, Any], *errors: float, loss: float = 1.0, **changes: Any
) -> Result:
    """Write a COMPLETE result and a curve of those validation errors."""
    curve = epochs_of(*errors, loss=loss)
    result = Result(
        study="demo",
        trial=trial,
        issue=1,
        attempt=1,
        status=Status.COMPLETE,
        value=errors[-1] if errors else 0.5,
        params=params,
        budget=Budget(epochs=3),
        seeds=Seeds(initialisation=1, shuffling=2, dropout=4294967295),
        epochs=len(curve),
        best_epoch=1 + errors.index(min(errors)) if errors else None,
        best_value=min(errors, default=None),
        attribution=Attribution(worker="lab-1", host="lab", pid=1, device="cpu", threads=1),
        times=Times(
            published_at="2026-01-31T12:00:00.000Z",
            claimed_at="2026-01-31T12:00:01.250Z",
            ended_at="2026-01-31T12:00:03.000Z",
            evaluation_s=1.75,
            training_s=0.5 * len(curve),
        ),
    ).model_copy(update=changes)
    atomic.write_once(folder.result(trial), result.to_json())
    if curve:
        atomic.write_once(folder.curve(trial), to_text(curve).encode())
    return result


X = {"x": {"type": "float", "low": 0.0, "high": 1.0}}
