"""Reads all results of a study: opens each result file once and reports each problem once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from hyperspool.common.errors import ProtocolError
from hyperspool.common.issues import EvaluationKey, EvaluationName
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result
from hyperspool.common.study_spec import StudySpec


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
    """

    results: dict[EvaluationKey, Result] = field(default_factory=dict)
    landed_s: dict[EvaluationKey, float] = field(default_factory=dict)
    foreign: dict[EvaluationKey, Foreign] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)

    def in_order_of_landing(self) -> dict[EvaluationKey, Result]:
        """The results, ordered by when they landed, the latest last."""
        order = sorted(self.results, key=lambda name: (self.landed_s[name], name))
        return {name: self.results[name] for name in order}

    def problems(self, folder: StudyFolder) -> list[str]:
        """The problems of the files that were left out, a line for each file."""
        lines = [f"{unreadable.path}: {unreadable.reason}" for unreadable in self.unreadable]
        lines += [f"{folder.result(*name)}: {'; '.join(found.problems)}" for name, found in self.foreign.items()]
        return sorted(lines)


def read_results(folder: StudyFolder, spec: StudySpec, before: StudyResults | None = None) -> StudyResults:
    """Read every result of a study. A file with a problem stays where it is.

    Args:
        folder: of the study.
        spec: the study.
        before: what was read earlier. A file that has not changed since is not read again.
    """
    found = StudyResults()
    for name in folder.all_finished():
        path = folder.result(*name)
        try:
            landed_s = path.stat().st_mtime
            if before and before.landed_s.get(name) == landed_s:
                found.results[name], found.landed_s[name] = before.results[name], landed_s
                continue
            result = read_record(path, Result)
        except ProtocolError as error:
            found.unreadable.append(Unreadable(path, error.reason, is_damaged=True))
            continue
        except OSError as error:
            found.unreadable.append(Unreadable(path, f"cannot be read ({error.strerror})", is_damaged=False))
            continue
        if problems := (*_misnamed(result, name), *spec.problems_of(result)):
            found.foreign[name] = Foreign(result, problems)
        else:
            found.results[name] = result
            found.landed_s[name] = landed_s
    return found


def _misnamed(result: Result, name: EvaluationName) -> tuple[str, ...]:
    if result.evaluation == name:
        return ()
    if result.trial != name.trial:
        return (f"trial: found {result.trial}, expected {name.trial}",)
    return (f"rung: found {result.rung}, expected {name.rung}",)
