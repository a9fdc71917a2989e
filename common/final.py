"""The final evaluation of a study: what it is called, and where it leaves its model.

The setting that a search chose is trained once more, on the training and the validation part, and measured once on the
test part. That is a study of its own with one trial, so that any worker can do it, be killed, and another go on.
"""

from pathlib import Path

from hyperspool.common.layout import StudyFolder

SUFFIX = "-final"
FOLDER = "final"


def final_name(study: str) -> str:
    """The name of the study that evaluates the winner of `study`."""
    return study + SUFFIX


def final_folder(folder: StudyFolder) -> Path:
    """Where a study's final answer stands, and where the final evaluation's workers leave their models."""
    return folder.results / FOLDER


def model_path(checkpoint: Path) -> Path:
    """Where the attempt that saves to `checkpoint` leaves its trained network: beside the folder of checkpoints."""
    return checkpoint.parent.parent / FOLDER / f"{checkpoint.stem}.model"
