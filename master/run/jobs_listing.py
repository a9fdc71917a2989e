"""One listing of `jobs/<study>` for everything that the master wants to know from it."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from hyperspool.common.file_kinds import JOB, LOCK, PAUSE, STOP_MASTER, FileKind
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder, names_of


class JobsListing:
    """The names in the folder at one moment.

    Args:
        folder: the study's folder.
    """

    def __init__(self, folder: StudyFolder) -> None:
        self._names = frozenset(names_of(folder.jobs))

    @property
    def wishes(self) -> set[FileKind]:
        """What people want of the study."""
        return {kind for kind in (PAUSE, STOP_MASTER) if kind.suffix in self._names}

    def missing(self, names: AbstractSet[str]) -> AbstractSet[str]:
        """Those of these names of jobs that are not there."""
        return names - self._names

    def open_issues(self, but: AbstractSet[str] = frozenset()) -> list[Issue]:
        """The issues that have a job, without those whose jobs have these names, which cost no look."""
        return _parsed(JOB, self._names - but)

    def locked_issues(self) -> list[Issue]:
        """The issues that have a lock file: somebody has claimed them, or had."""
        return _parsed(LOCK, self._names)


def _parsed(kind: FileKind, names: Iterable[str]) -> list[Issue]:
    found = (kind.parse(name) for name in names if name.endswith(kind.suffix))
    return sorted(issue for issue in found if isinstance(issue, Issue))
