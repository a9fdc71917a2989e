"""A control group of the kernel: processes that may use only so much memory together, or one of them is killed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
LEAVE_S = 10.0
"""How long the processes of a group may take to be gone, once they are killed."""


@contextmanager
def memory_group(name: str, limit_bytes: int) -> Iterator[Path]:
    """Make a group; who joins it writes a process's number to `cgroup.procs` there. It must be empty at the end.

    Raises:
        OSError: none can be made: this needs root, and a hierarchy of groups that may be written, which containers
            seldom have.
    """
    parent, limit = _parent_and_limit()
    group = parent / name
    group.mkdir()
    try:
        (group / limit).write_text(str(limit_bytes))
        yield group
    finally:
        _remove(group)


def _parent_and_limit() -> tuple[Path, str]:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, own = line.split(":", 2)
        if controllers == "memory":  # cgroup v1: groups lie in groups
            return GROUPS / "memory" / own.removeprefix("/"), "memory.limit_in_bytes"
        # cgroup v2: a group that has processes cannot limit the groups in it, but the one around it can.
        around = (GROUPS / own.removeprefix("/")).parent
        with suppress(OSError):
            if not controllers and "memory" in (around / "cgroup.subtree_control").read_text().split():
                return around, "memory.max"
    raise OSError("there is no group whose memory this process may limit")


def _remove(group: Path) -> None:
    end_s = time.monotonic() + LEAVE_S
    while True:
        try:
            group.rmdir()
        except OSError:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.05)
        else:
            return
