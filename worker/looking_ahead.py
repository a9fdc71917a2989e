"""What a new child loads before its parent has claimed a job: the network and the data that an open job will need.

Torch takes a second to load, in which the parent loads too, looks for jobs and claims one. This is only a guess: where
it is wrong, or fails, the job loads what it needs, and says what is missing.
"""

from contextlib import suppress
from typing import TYPE_CHECKING

from hyperspool.common.confinement import confine
from hyperspool.common.layout import StudyFolder, study_folders
from hyperspool.common.reading import read_record
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.wishes import has_claimable
from hyperspool.worker.child_entry import Outlook
from hyperspool.worker.objectives.registry import BUILT_IN

if TYPE_CHECKING:
    import torch


def look_ahead(outlook: Outlook) -> None:
    """Load what the first open job of a network will need; on a GPU torch in any case, for its parent tries it."""
    with suppress(Exception):  # whatever is wrong, the first job will say it
        if outlook.device != "cpu":
            _set_up(outlook)
        confine(outlook.root)
        named = [StudyFolder(outlook.root, outlook.study)] if outlook.study else study_folders(outlook.root)
        for folder in named:
            if has_claimable(folder):
                _load_for(read_record(folder.spec, StudySpec), outlook)


def _set_up(outlook: Outlook) -> "torch.device":
    from hyperspool.worker.training.runtime import configure

    return configure(outlook.device, outlook.threads)


def _load_for(spec: StudySpec, outlook: Outlook) -> None:
    if spec.objective.name not in BUILT_IN or spec.objective.threads != outlook.threads:
        return
    from hyperspool.worker.objectives import network  # noqa: F401 - only loaded
    from hyperspool.worker.objectives.datasets import load_ahead

    load_ahead((spec.data.name, spec.data.train_size) if spec.data else None, outlook.root / "data", _set_up(outlook))
