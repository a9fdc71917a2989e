"""The final evaluation of a study: its name, and where its model is stored.

It trains the setting that a search chose once more, on the training and the validation part, and measures it once on
the test part. It is a study of its own with one trial, so any worker can evaluate it, and another one can go on if that
worker is killed.
"""

from pathlib import Path

from hyperspool.common.layout import StudyFolder

SUFFIX = "-final"
FOLDER = "final"


def final_name(study: str) -> str:
    """The name of the study that is the final evaluation of `study`."""
    return study + SUFFIX


def final_folder(folder: StudyFolder) -> Path:
    """The folder of a study's final answer, and of the models that a final evaluation's workers store."""
    return folder.results / FOLDER


def model_path(checkpoint: Path) -> Path:
    """Where an attempt that saves to `checkpoint` stores its trained network: beside the folder of checkpoints."""
    return checkpoint.parent.parent / FOLDER / f"{checkpoint.stem}.model"
