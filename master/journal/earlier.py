"""The earlier results that a study learns from: beside its jobs, written once, before its first proposal."""

from hyperspool.common import atomic
from hyperspool.common.earlier import EarlierResults
from hyperspool.common.errors import ProtocolError, UsageError
from hyperspool.common.file_kinds import EARLIER
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.file import read_journal


def read_earlier(folder: StudyFolder) -> EarlierResults | None:
    """Read what a study learns from beside its own trials; None if it is nothing.

    Raises:
        ProtocolError: the file is damaged; what was proposed follows from it, so it cannot be passed over.
    """
    try:
        return read_record(folder.path(EARLIER), EarlierResults)
    except FileNotFoundError:
        return None
    except ProtocolError as error:
        advice = "Restore the file from a copy, or remove it: the study then goes on without earlier results"
        raise ProtocolError(error.path, f"{error.reason}. {advice}") from error


def record_earlier(folder: StudyFolder, spec: StudySpec, found: EarlierResults) -> EarlierResults:
    """Record what a study is to learn from, and return what it learns from: that of its first run stays.

    Only the study's master may do so.

    Raises:
        UsageError: the study has proposed trials without them, or it learns from other sources.
    """
    there = read_earlier(folder)
    if there is None:
        if read_journal(folder, spec).journal.batches or any(folder.all_finished()):
            raise UsageError(
                f"--from: study {spec.name} has trials already, which were proposed without these results; "
                "add --new to start another study with them"
            )
        atomic.write_once(folder.path(EARLIER), found.to_json())
        return found
    if there.sources != found.sources:
        raise UsageError(
            f"--from: study {spec.name} learns from {', '.join(there.sources)} already, found "
            f"{', '.join(found.sources)}; add --new to start another study"
        )
    return there
