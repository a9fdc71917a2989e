"""A control group of the kernel: if its processes use more memory than its limit, the kernel kills one of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
LEAVE_S = 10.0
"""How long killed processes of a group may take to disappear."""


@contextmanager
def memory_group(name: str, limit_bytes: int) -> Iterator[Path]:
    """Make a group. A process joins when its number is written to `cgroup.procs` there. It must be empty at the end.

    Raises:
        OSError: no group can be made. This needs root and a hierarchy of groups that may be written, which containers
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
        if controllers == "memory":  # cgroup v1: a group may contain groups
            return GROUPS / "memory" / own.removeprefix("/"), "memory.limit_in_bytes"
        # cgroup v2: a group with processes cannot limit the groups inside it, but its parent group can.
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
