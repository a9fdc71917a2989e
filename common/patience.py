"""Waits while the shared folder cannot be written: it is full, over quota, read-only for a while, or cut off."""

import logging
import time
from collections.abc import Callable
from errno import EDQUOT, EIO, ENOSPC, EROFS, ESTALE, ETIMEDOUT
from typing import TypeVar

PASSING_ERRORS = frozenset({ENOSPC, EDQUOT, EROFS, EIO, ESTALE, ETIMEDOUT})
"""Errors that an administrator or a server's restart may end while we wait."""
RETRY_S = 5.0

logger = logging.getLogger(__name__)
T = TypeVar("T")


def is_passing(error: OSError) -> bool:
    """Whether an error of the file system may go away by itself, or when an administrator acts."""
    return error.errno in PASSING_ERRORS


def until_possible(
    action: Callable[[], T],
    what: str,
    should_stop: Callable[[], bool],
    pause: Callable[[float], object] = time.sleep,
    passes: Callable[[OSError], bool] = is_passing,
) -> T:
    """Do `action`, and repeat it while the folder refuses for a passing reason. Logs the wait once, and its end.

    Args:
        action: must be repeatable after a failure midway.
        what: the process or task that waits, for the log.
        should_stop: returns whether to give up.
        pause: waits for a number of seconds, or less if there is a reason to ask `should_stop`.
        passes: returns whether an error is worth waiting for.

    Raises:
        OSError: the reason is not a passing one, or `should_stop` returned true.
    """
    is_waiting = False
    while True:
        try:
            done = action()
        except OSError as error:
            if not passes(error) or should_stop():
                raise
            if not is_waiting:
                logger.warning(
                    "%s waits: %s (%s); trying again every %g s", what, error.strerror, error.filename, RETRY_S
                )
                is_waiting = True
            pause(RETRY_S)
        else:
            if is_waiting:
                logger.warning("%s goes on", what)
            return done
