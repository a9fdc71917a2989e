"""Reads all results of a study: opens each result file once and reports each problem once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from hyperspool.common.bulk import FileRead, read_files
from hyperspool.common.collector import paused_collector
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import RESULT
from hyperspool.common.issues import EvaluationKey, EvaluationName
from hyperspool.common.layout import TRIALS_PER_FOLDER, StudyFolder, names_of
from hyperspool.common.outcome import Finished, Outcome
from hyperspool.common.reading import record_of
from hyperspool.common.records import Result
from hyperspool.common.sharing import SharedParts, with_equal_parts
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.journal.file import read_journal
from hyperspool.master.journal.journal import Journal
from hyperspool.master.results.digests import Digests


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

    results: dict[EvaluationKey, Finished] = field(default_factory=dict)
    landed_s: dict[EvaluationKey, float] = field(default_factory=dict)
    foreign: dict[EvaluationKey, Foreign] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    left_out: int = 0

    def in_order_of_landing(self) -> dict[EvaluationKey, Finished]:
        """The results, ordered by when they landed, the latest last."""
        order = sorted((at_s, name) for name, at_s in self.landed_s.items())
        return {name: self.results[name] for _, name in order}

    def problems(self, folder: StudyFolder) -> list[str]:
        """The problems of the files that were left out, a line for each file."""
        lines = [f"{unreadable.path}: {unreadable.reason}" for unreadable in self.unreadable]
        lines += [f"{folder.result(*name)}: {'; '.join(found.problems)}" for name, found in self.foreign.items()]
        return sorted(lines)


@paused_collector()
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
    found, reader = StudyResults(), FolderReader(folder, spec, before, journal)
    digests = Digests(folder, spec, reader.shared)
    for path in folder.trial_folders():
        if digest := digests.trusted(path):
            results, landed_s = digest
            found.results.update(_sharing(results, journal.entries) if journal else results)
            found.landed_s.update(zip(results, landed_s, strict=True))
        else:
            reader.read(path, found)
    return found


def _sharing(
    results: Mapping[EvaluationKey, Outcome], entries: Mapping[EvaluationKey, ProposalEntry]
) -> Iterator[tuple[EvaluationKey, Outcome]]:
    for key, outcome in results.items():
        entry = entries.get(key)
        yield key, with_equal_parts(outcome, entry) if entry else outcome


class FolderReader:
    """Reads the result files of a study's trial folders.

    Args:
        folder: of the study.
        spec: the study.
        before: what was read earlier. A file that has not changed since is not read again.
        journal: of the study, for what results share with their proposals.

    Attributes:
        shared: the parts that results share.
    """

    def __init__(
        self, folder: StudyFolder, spec: StudySpec, before: StudyResults | None = None, journal: Journal | None = None
    ) -> None:
        self._folder, self._spec = folder, spec
        self._before, self._journal, self.shared = before or StudyResults(), journal or Journal(), SharedParts()

    def read(self, path: Path, found: StudyResults) -> None:
        """Read the results in a trial folder, and add them to what was found."""
        names, known_s = _names_in(self._folder, path), self._before.landed_s
        for read in read_files(path, names, lambda file, at_s: known_s.get(names[file]) != at_s):
            name = names[read.name]
            if read.error:
                found.unreadable.append(_unreadable(path / read.name, read.error))
            elif read.content is None:
                found.results[name], found.landed_s[name] = self._before.results[name], read.modified_s
            elif result := _result_in(found, name, read, path, self._spec):
                found.results[name] = self.shared.outcome(result, self._journal.entries.get(name))
                found.landed_s[name] = read.modified_s


def read_recorded(folder: StudyFolder, spec: StudySpec, *, is_kept: bool = False) -> tuple[StudyResults, Journal]:
    """Read every result of a study, and its journal, which is no older than they are.

    Args:
        folder: of the study.
        spec: the study.
        is_kept: both are kept while more is made of them. Results then share with their proposals what is equal, which
            takes a quarter longer and a third less memory.
    """
    journal = read_journal(folder, spec).journal
    found = read_results(folder, spec, journal=journal if is_kept else None)
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


def _result_in(
    found: StudyResults, name: EvaluationName, read: FileRead, folder: Path, spec: StudySpec
) -> Result | None:
    try:
        result = record_of(read.content or b"", folder / read.name, Result)
    except ProtocolError as error:
        found.unreadable.append(_unreadable(folder / read.name, error))
        return None
    if problems := (*_misnamed(result, name), *spec.problems_of(result)):
        found.foreign[name] = Foreign(result, problems)
        return None
    return result


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
