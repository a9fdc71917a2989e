"""The one bulk reader of a study's results: it opens every result file once, and says what is wrong with it once."""

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
        reason: why.
        is_damaged: its content is at fault, not the file system.
    """

    path: Path
    reason: str
    is_damaged: bool


class Foreign(NamedTuple):
    """A readable result that is not one of its trial of this study.

    Attributes:
        result: what the file says.
        problems: what keeps it from being one, a line each.
    """

    result: Result
    problems: tuple[str, ...]


@dataclass(frozen=True)
class StudyResults:
    """The result files of a study.

    Attributes:
        results: the study's results by trial and rung, in the order of these.
        landed_s: when each of them appeared, by the file server's clock, in seconds.
        foreign: by the evaluation whose name the file has.
        unreadable: the other files.
    """

    results: dict[EvaluationKey, Result] = field(default_factory=dict)
    landed_s: dict[EvaluationKey, float] = field(default_factory=dict)
    foreign: dict[EvaluationKey, Foreign] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)

    def in_order_of_landing(self) -> dict[EvaluationKey, Result]:
        """The results, the one that landed last at the end."""
        order = sorted(self.results, key=lambda name: (self.landed_s[name], name))
        return {name: self.results[name] for name in order}

    def problems(self, folder: StudyFolder) -> list[str]:
        """What was left out, a line for each file."""
        lines = [f"{unreadable.path}: {unreadable.reason}" for unreadable in self.unreadable]
        lines += [f"{folder.result(*name)}: {'; '.join(found.problems)}" for name, found in self.foreign.items()]
        return sorted(lines)


def read_results(folder: StudyFolder, spec: StudySpec) -> StudyResults:
    """Read every result of a study. Changes nothing: what is wrong is left where it is."""
    found = StudyResults()
    for name in folder.all_finished():
        path = folder.result(*name)
        try:
            result, landed_s = read_record(path, Result), path.stat().st_mtime
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
