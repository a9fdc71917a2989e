"""Studies in a shared folder as a storage of Optuna's that is only read, and that follows the folder.

Whatever is asked is answered from the folder. It is read again only if something has changed there, and not sooner than
a while after the last time, so that many questions at once, or a large study, do not keep a processor busy.
"""

import copy
import threading
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from optuna.storages import BaseStorage
from optuna.study._frozen import FrozenStudy
from optuna.study._study_direction import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hyperspool.common.errors import SearchError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.names import MAX_TRIALS
from hyperspool.master.analysis.dashboard.snapshot import Reader, Snapshot, signature

AGAIN_S = 1.0
"""The least seconds between two readings of a study,"""
SHARE = 0.1
"""and the most of a processor's time that reading takes."""


@dataclass
class _Seen:
    snapshot: Snapshot
    signature: object
    due_s: float


class ReadOnlyError(RuntimeError):
    """Something would have been written: a study in a shared folder is changed by its master and workers alone."""


class FolderStorage(BaseStorage):
    """Studies of a shared folder, numbered from 0 as they are given.

    Args:
        folders: the published studies.
        clock: seconds that only grow.
    """

    def __init__(self, folders: Sequence[StudyFolder], clock: Callable[[], float] = time.monotonic) -> None:
        self._folders, self._clock = tuple(folders), clock
        self._readers = [Reader(folder, number * MAX_TRIALS) for number, folder in enumerate(self._folders)]
        self._seen: dict[int, _Seen] = {}
        self._lock = threading.Lock()

    def get_study_id_from_name(self, study_name: str) -> int:
        """The number of a study."""
        found = (number for number, folder in enumerate(self._folders) if folder.name == study_name)
        if (number := next(found, None)) is None:
            raise KeyError(study_name)
        return number

    def get_study_name_from_id(self, study_id: int) -> str:
        """The name of a study."""
        return self._folder(study_id).name

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """The direction of each of its objectives."""
        return self._snapshot(study_id).directions

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """What is said of the study."""
        return dict(self._snapshot(study_id).user_attrs)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """The names of its objectives, and the notes."""
        return dict(self._snapshot(study_id).system_attrs)

    def get_all_studies(self) -> list[FrozenStudy]:
        """Every study."""
        return [
            FrozenStudy(
                study_name=folder.name,
                direction=None,
                directions=self.get_study_directions(number),
                user_attrs=self.get_study_user_attrs(number),
                system_attrs=self.get_study_system_attrs(number),
                study_id=number,
            )
            for number, folder in enumerate(self._folders)
        ]

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """A trial by its number in all studies."""
        study, number = divmod(trial_id, MAX_TRIALS)
        trials = self._snapshot(study).trials
        if number >= len(trials):
            raise KeyError(trial_id)
        return copy.deepcopy(trials[number])

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,  # noqa: FBT001, FBT002 - its place in Optuna's signature
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """The trials of a study, by number."""
        found = [trial for trial in self._snapshot(study_id).trials if states is None or trial.state in states]
        return copy.deepcopy(found) if deepcopy else found

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """The incumbent. It keeps the constraints, of which a storage of Optuna's knows nothing."""
        snapshot = self._snapshot(study_id)
        if snapshot.best is None:
            raise ValueError("no trial of the search is COMPLETE and keeps the constraints")
        return copy.deepcopy(snapshot.trials[snapshot.best])

    def _folder(self, study_id: int) -> StudyFolder:
        if not 0 <= study_id < len(self._folders):
            raise KeyError(study_id)
        return self._folders[study_id]

    def _snapshot(self, study_id: int) -> Snapshot:
        folder = self._folder(study_id)
        with self._lock:
            seen = self._seen.get(study_id)
            if seen and self._clock() < seen.due_s:
                return seen.snapshot
            try:
                return self._fresh(study_id, folder, seen)
            except (OSError, SearchError):
                if seen is None:
                    raise
                seen.due_s = self._clock() + AGAIN_S  # the folder refuses for now; what was read is still shown
                return seen.snapshot

    def _fresh(self, study_id: int, folder: StudyFolder, seen: _Seen | None) -> Snapshot:
        now, begin_s = signature(folder), self._clock()
        if seen and seen.signature == now:
            seen.due_s = begin_s + AGAIN_S
            return seen.snapshot
        snapshot, end_s = self._readers[study_id].snapshot(), self._clock()
        self._seen[study_id] = _Seen(snapshot, now, end_s + max(AGAIN_S, (end_s - begin_s) / SHARE))
        return snapshot

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise ReadOnlyError("this study is in a shared folder, and is only shown here")

    create_new_study = _refuse
    delete_study = _refuse
    set_study_user_attr = _refuse
    set_study_system_attr = _refuse
    create_new_trial = _refuse
    set_trial_param = _refuse
    set_trial_state_values = _refuse
    set_trial_intermediate_value = _refuse
    set_trial_user_attr = _refuse
    set_trial_system_attr = _refuse
