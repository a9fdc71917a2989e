"""Reads the record of a study's time, which its master keeps for the stopping rule `wall_clock_s`."""

from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import CLOCK
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.stopping import StudyClock


def read_clock(folder: StudyFolder) -> StudyClock | None:
    """Return a study's record; None if there is none, or it is damaged: then its master replaces it."""
    try:
        return read_record(folder.path(CLOCK), StudyClock)
    except (OSError, ProtocolError):
        return None
