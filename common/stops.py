"""Stop files: the master's wish that a running trial ends now, in `results/<study>/stops/`.

The worker that holds the claim lists this small folder once a second, and only if the study has `pruning`. It asks
for no file by its name, because a client of a network file system remembers for a while that a name was not there. A
stop file is named after an issue, and names of issues are never used twice: a wish never reaches another evaluation.

RACE: the trial ends by itself before its worker sees the file. Then its result is COMPLETE, and the file goes. The
master is killed between a result and the removal of its file: the next master removes it.
"""

from contextlib import suppress

from hyperspool.common import atomic
from hyperspool.common.asked import StopRequest
from hyperspool.common.clock import now_text
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import STOP
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder, names_of
from hyperspool.common.printable import printable_line
from hyperspool.common.reading import read_record


def ask_to_stop(folder: StudyFolder, issue: Issue, reason: str) -> None:
    """Ask the worker that evaluates an issue to end it; asked again, nothing changes.

    Raises:
        OSError: the folder refuses the file.
    """
    atomic.make_folder(folder.place(STOP.place))
    request = StopRequest(reason=reason, at=now_text())
    atomic.replace(folder.path(STOP, issue), request.to_json(), durable=False)


def stops(folder: StudyFolder) -> set[Issue]:
    """The issues that are asked to stop, from a fresh listing."""
    found = (STOP.parse(name) for name in names_of(folder.place(STOP.place)))
    return {issue for issue in found if isinstance(issue, Issue)}


def reason_to_stop(folder: StudyFolder, issue: Issue) -> str | None:
    """Why an issue is asked to stop, safe to show; None if it is not."""
    if issue not in stops(folder):
        return None
    try:
        return printable_line(read_record(folder.path(STOP, issue), StopRequest).reason)
    except (OSError, ProtocolError):  # the name says enough
        return "no reason is readable"


def remove_used_stops(folder: StudyFolder) -> None:
    """Remove the stop files of evaluations that have a result. Only the study's master may do so."""
    asked = stops(folder)
    finished = folder.finished(issue.evaluation for issue in asked)
    for issue in asked:
        if issue.evaluation in finished:
            with suppress(FileNotFoundError):  # a person removed it meanwhile
                atomic.remove(folder.path(STOP, issue))
