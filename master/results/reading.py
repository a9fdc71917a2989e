"""Reads all results of a study: opens each result file once and reports each problem once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from hyperspool.common.bulk import FileRead, read_files
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import RESULT
from hyperspool.common.issues import EvaluationKey, EvaluationName
from hyperspool.common.layout import TRIALS_PER_FOLDER, StudyFolder, names_of
from hyperspool.common.reading import record_of
from hyperspool.common.records import Result
from hyperspool.common.sharing import Shared
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.file import read_journal
from hyperspool.master.journal.journal import Journal


class Unreadable(NamedTuple):
    """A result file that could not be read.

    Attributes:
        path: the file.
        reason: why it could not be read.
        is_damaged: the file's content is invalid; False: the file system refused to read it.
    """

    path: Path
    reason: str
    is_damaged: bool


class Foreign(NamedTuple):
    """A readable result that does not belong to this study, or to the evaluation that its file is named after.

    Attributes:
        result: the file's content.
        problems: how it differs from the result expected, a line each.
    """

    result: Result
    problems: tuple[str, ...]


@dataclass(frozen=True)
class StudyResults:
    """The result files of a study.

    Attributes:
        results: the study's results by trial and rung, in that order.
        landed_s: when each result appeared, by the file server's clock, in seconds since the epoch.
        foreign: the foreign results, by the evaluation that their file is named after.
        unreadable: the other files.
        left_out: trials with results that are not among these, because there are too many to be shown.
    """

    results: dict[EvaluationKey, Result] = field(default_factory=dict)
    landed_s: dict[EvaluationKey, float] = field(default_factory=dict)
    foreign: dict[EvaluationKey, Foreign] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    left_out: int = 0

    def in_order_of_landing(self) -> dict[EvaluationKey, Result]:
        """The results, ordered by when they landed, the latest last."""
        order = sorted(self.results, key=lambda name: (self.landed_s[name], name))
        return {name: self.results[name] for name in order}

    def problems(self, folder: StudyFolder) -> list[str]:
        """The problems of the files that were left out, a line for each file."""
        lines = [f"{unreadable.path}: {unreadable.reason}" for unreadable in self.unreadable]
        lines += [f"{folder.result(*name)}: {'; '.join(found.problems)}" for name, found in self.foreign.items()]
        return sorted(lines)


def read_results(
    folder: StudyFolder, spec: StudySpec, before: StudyResults | None = None, journal: Journal | None = None
) -> StudyResults:
    """Read every result of a study. A file with a problem stays where it is.

    Args:
        folder: of the study.
        spec: the study.
        before: what was read earlier. A file that has not changed since is not read again.
        journal: of the study; results share with their proposals what is equal, to save memory.
    """
    found, shared = StudyResults(), Shared()
    known_s = before.landed_s if before else {}
    for path in folder.trial_folders():
        names = _names_in(folder, path)
        for read in read_files(path, names, lambda file, at_s: known_s.get(names[file]) != at_s):  # noqa: B023 - used at once
            name = names[read.name]
            if read.error:
                found.unreadable.append(_unreadable(path / read.name, read.error))
            elif read.content is None and before:
                found.results[name], found.landed_s[name] = before.results[name], read.modified_s
            else:
                _add(found, name, read, path, spec)
                if result := found.results.get(name):
                    shared.result(result)
                    if entry := journal.entries.get(name) if journal else None:
                        entry.share(result)
    return found


def read_recorded(folder: StudyFolder, spec: StudySpec) -> tuple[StudyResults, Journal]:
    """Read every result of a study, and its journal, which is no older than they are."""
    journal = read_journal(folder, spec).journal
    found = read_results(folder, spec, journal=journal)
    # RACE: a batch is proposed after the journal was read, and its first results land before they are listed.
    if found.results.keys() - journal.entries.keys():
        journal = read_journal(folder, spec).journal
    return found, journal


def _names_in(folder: StudyFolder, path: Path) -> dict[str, EvaluationName]:
    """Return the evaluations that have a result file in a trial folder, by the file's name, in order."""
    parsed = sorted((name, file) for file in names_of(path) if isinstance(name := RESULT.parse(file), EvaluationName))
    numbers = {name.trial // TRIALS_PER_FOLDER for name, _ in parsed}
    own = {number for number in numbers if folder.trial_folder(number * TRIALS_PER_FOLDER) == path}
    return {file: name for name, file in parsed if name.trial // TRIALS_PER_FOLDER in own}


def _add(found: StudyResults, name: EvaluationName, read: FileRead, folder: Path, spec: StudySpec) -> None:
    try:
        result = record_of(read.content or b"", folder / read.name, Result)
    except ProtocolError as error:
        found.unreadable.append(_unreadable(folder / read.name, error))
        return
    if problems := (*_misnamed(result, name), *spec.problems_of(result)):
        found.foreign[name] = Foreign(result, problems)
    else:
        found.results[name], found.landed_s[name] = result, read.modified_s


def _unreadable(path: Path, error: ProtocolError | OSError) -> Unreadable:
    if isinstance(error, ProtocolError):
        return Unreadable(path, error.reason, is_damaged=True)
    return Unreadable(path, f"cannot be read ({error.strerror})", is_damaged=False)


def _misnamed(result: Result, name: EvaluationName) -> tuple[str, ...]:
    if result.evaluation == name:
        return ()
    if result.trial != name.trial:
        return (f"trial: found {result.trial}, expected {name.trial}",)
    return (f"rung: found {result.rung}, expected {name.rung}",)
