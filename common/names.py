"""Names that become file names: their allowed characters, checked before a name is put into a path."""

import os
import re
import secrets
import socket
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

MAX_TRIALS = 1_000_000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_MAX_STUDY_CHARACTERS = 64
_MAX_WORKER_CHARACTERS = 100


def is_study_name(name: str) -> bool:
    """Whether `name` may name a study and its folder: no separator, no leading dot, at most 64 characters."""
    return len(name) <= _MAX_STUDY_CHARACTERS and _NAME.fullmatch(name) is not None


def is_worker_name(name: str) -> bool:
    """Whether `name` may name a worker and its file: as for a study, but up to 100 characters."""
    return len(name) <= _MAX_WORKER_CHARACTERS and _NAME.fullmatch(name) is not None


def name_of_process(prefix: str = "") -> str:
    """A worker's name for this process, from its host and number; another one at every call."""
    host = "".join(character if character.isalnum() else "-" for character in socket.gethostname().split(".")[0])
    # Process numbers repeat, also between containers that share a host's name. The four random digits keep names apart.
    return f"{prefix}{host.strip('-')[:60] or 'host'}-{os.getpid()}-{secrets.token_hex(2)}"


def _require(is_valid: Callable[[str], bool], what: str, limit: int) -> AfterValidator:
    @lru_cache(maxsize=1000)  # of a study's results, each names the same few
    def check(name: str) -> str:
        if not is_valid(name):
            shown = name if len(name) <= _MAX_STUDY_CHARACTERS else name[:_MAX_STUDY_CHARACTERS] + "..."
            raise ValueError(
                f"found {shown!r}, expected {what}: a letter or digit, then letters, digits, '.', '_' or '-', "
                f"at most {limit} characters"
            )
        return name

    return AfterValidator(check)


StudyName = Annotated[str, _require(is_study_name, "a study's name", _MAX_STUDY_CHARACTERS)]
WorkerName = Annotated[str, _require(is_worker_name, "a worker's name", _MAX_WORKER_CHARACTERS)]


def unique_name(at: str) -> str:
    """A name for a file that anybody may write, on any host: names sort by their times.

    Args:
        at: the time, as `hyperspool.common.clock.now_text` says it.
    """
    return "".join(one for one in at if one.isalnum()).removesuffix("Z") + f"-{secrets.token_hex(3)}"
