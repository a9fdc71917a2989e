"""A worker that counts its tries to claim a job: `python -m worker`, with a line in a file at its end.

The environment variable `BENCHMARK_COUNTS` names a folder; the line is `TRIES FAILED`.
"""

import atexit
import os
from pathlib import Path
from typing import Any

from hyperspool.common.claim import Claim, Claims

COUNTS = "BENCHMARK_COUNTS"


def count(folder: Path) -> None:
    """Count this process's tries to lock a job, and write the counts when it ends."""
    try_lock, counts = Claims.try_lock, [0, 0]

    def counted(self: Claims, *given: Any) -> Claim | None:
        claim = try_lock(self, *given)
        counts[0] += 1
        counts[1] += claim is None
        return claim

    Claims.try_lock = counted  # type: ignore[method-assign, assignment]  # to count
    atexit.register(lambda: Path(folder, str(os.getpid())).write_text(f"{counts[0]} {counts[1]}", encoding="utf-8"))


# The guard is needed because the child process, started by spawn, imports this module again.
if __name__ == "__main__":
    from hyperspool.worker.__main__ import main

    count(Path(os.environ[COUNTS]))
    main()
