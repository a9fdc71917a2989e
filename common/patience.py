"""Waiting for a shared folder that cannot be written just now: full, over quota, read-only for a while, cut off."""

import logging
import time
from collections.abc import Callable
from errno import EDQUOT, EIO, ENOSPC, EROFS, ESTALE, ETIMEDOUT
from typing import TypeVar

PASSING_ERRORS = frozenset({ENOSPC, EDQUOT, EROFS, EIO, ESTALE, ETIMEDOUT})
"""What an administrator or a server's restart may put right while we wait."""
RETRY_S = 5.0

logger = logging.getLogger(__name__)
T = TypeVar("T")


def is_passing(error: OSError) -> bool:
    """Whether an error of the file system may go away by itself or by an administrator's hand."""
    return error.errno in PASSING_ERRORS


def until_possible(
    action: Callable[[], T],
    what: str,
    should_stop: Callable[[], bool],
    pause: Callable[[float], object] = time.sleep,
    passes: Callable[[OSError], bool] = is_passing,
) -> T:
    """Do `action`, again and again while the folder refuses for a passing reason. Says so once, and when it is over.

    Args:
        action: may be repeated after it failed midway.
        what: is waiting, for the message.
        should_stop: whether to give up.
        pause: waits for a number of seconds, or less if there is a reason to look at `should_stop`.
        passes: whether an error is worth waiting for.

    Raises:
        OSError: for another reason than a passing one, or `should_stop` said so.
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
