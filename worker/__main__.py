"""`python -m worker`."""

import os
import signal
import sys

from hyperspool.common.dependencies import complaining_of_missing
from hyperspool.common.loading import loading
from hyperspool.common.signals import REQUESTS
from hyperspool.worker.early_child import EarlyChild
from hyperspool.worker.turn import Turn

WITHOUT_CHILD = frozenset({"check", "--help", "--install-completion", "--show-completion"})
"""Arguments with which no trial is evaluated in the first child. Without them, a needless child costs milliseconds."""


def main() -> None:
    """Run the worker. A signal that arrives before the worker listens ends it at once, because it holds nothing yet."""
    for number in REQUESTS:
        signal.signal(number, lambda *_: os._exit(0))
    with loading(), complaining_of_missing():
        # The evaluating process comes first, because it takes longer to load than all that follows.
        early = EarlyChild(Turn.wait()) if WITHOUT_CHILD.isdisjoint(sys.argv[1:]) else None
        from hyperspool.worker.cli import main as run_command_line

    run_command_line(early)


# The guard is needed because the child process, started by spawn, imports this module again.
if __name__ == "__main__":
    main()
