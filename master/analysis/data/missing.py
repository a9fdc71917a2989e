"""What of a report could not be made, and why: one that fails costs itself alone."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from hyperspool.common.errors import SearchError
from hyperspool.master.results.wording import first_line

Made = TypeVar("Made")
ROOM = Path(__file__).parent.parent


class Missing(NamedTuple):
    """A figure or an answer that could not be made.

    Attributes:
        what: its name, with which a sentence can begin.
        reason: the error, and where it was raised.
    """

    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what} could not be made: {self.reason}"


def made_or_missing(what: str, make: Callable[[], Made], missing: list[Missing] | None) -> Made | None:
    """Make a part of a report.

    Args:
        what: the part's name, for `Missing`.
        make: makes it.
        missing: gets an entry if that fails; None: the error is raised.

    Returns:
        None if it could not be made.

    Raises:
        OSError: a file cannot be read or written, which concerns all parts.
        SearchError: likewise, a user's mistake.
    """
    try:
        return make()
    except (OSError, SearchError):
        raise
    except Exception as error:  # whatever it is, the rest of the page is worth having
        if missing is None:
            raise
        missing.append(Missing(what, _reason(error)))
        return None


def _reason(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).resolve().is_relative_to(ROOM.resolve())]
    # The first frame is that of `made_or_missing`.
    where = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if len(own) > 1 else ""
    return f"{type(error).__name__}: {first_line(str(error))}{where}"
