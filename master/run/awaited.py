"""The evaluations whose results a master awaits, arranged by the folders in which these will appear."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from hyperspool.common.bulk import FileRead, read_files
from hyperspool.common.file_kinds import RESULT
from hyperspool.common.issues import EvaluationKey, EvaluationName
from hyperspool.common.layout import TRIALS_PER_FOLDER, StudyFolder, names_of
from hyperspool.common.records import Job


class Awaited:
    """Awaited evaluations, each with what it was asked for.

    Finding those with a result costs a listing of each folder that is looked into, and for each result a look at its
    name: other files there, and the number of awaited evaluations, cost nearly nothing.

    Args:
        folder: the study's folder.
    """

    def __init__(self, folder: StudyFolder) -> None:
        self._folder = folder
        self._jobs: dict[EvaluationKey, Job] = {}
        self._names: dict[Path, dict[str, EvaluationKey]] = {}
        self._turn: Iterator[Path] = iter(())
        self._folders: dict[int, Path] = {}

    @property
    def jobs(self) -> Mapping[EvaluationKey, Job]:
        """What was asked for, by trial and rung."""
        return self._jobs

    @property
    def folders(self) -> Collection[Path]:
        """The folders in which the awaited results will appear."""
        return self._names.keys()

    def add(self, job: Job) -> None:
        """Await the result of a job."""
        name = job.evaluation
        self._jobs[name] = job
        self._names.setdefault(self._folder_of(name.trial), {})[RESULT.file_name(name)] = name

    def remove(self, key: EvaluationKey) -> None:
        """Await it no longer."""
        del self._jobs[key]
        path = self._folder_of(key[0])
        names = self._names[path]
        del names[RESULT.file_name(EvaluationName(*key))]
        if not names:
            del self._names[path]

    def landed(self, folders: Iterable[Path]) -> set[EvaluationKey]:
        """Those that have a result file, from fresh listings of those of the folders where any is awaited."""
        return {self._names[folder][name] for folder in folders for name in self._names_in(folder)}

    def contents(self, folders: Iterable[Path]) -> Iterator[tuple[EvaluationKey, FileRead]]:
        """The result files of those in these folders, in order, from fresh listings. They are awaited still."""
        for folder in sorted(folders):
            if names := self._names_in(folder):
                awaited = dict(self._names[folder])
                for read in read_files(folder, names):
                    yield awaited[read.name], read

    def _folder_of(self, trial: int) -> Path:
        number = trial // TRIALS_PER_FOLDER
        if number not in self._folders:
            self._folders[number] = self._folder.trial_folder(trial)
        return self._folders[number]

    def _names_in(self, folder: Path) -> list[str]:
        awaited = self._names.get(folder)
        return sorted(awaited.keys() & names_of(folder)) if awaited else []

    def folders_of(self, keys: Iterable[EvaluationKey]) -> set[Path]:
        """The folders in which the results of these evaluations will appear."""
        return {self._folder_of(trial) for trial, _ in keys}

    def next_folders(self, count: int) -> list[Path]:
        """The next folders of a round through all of them, at most `count`."""
        if count >= len(self._names):
            return list(self._names)
        found: list[Path] = []
        while len(found) < count:
            path = next(self._turn, None)
            if path is None:
                self._turn = iter(sorted(self._names))
            elif path in self._names:
                found.append(path)
        return found
