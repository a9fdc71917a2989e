"""`python -m worker`."""

import os
import signal

from hyperspool.common.dependencies import complaining_of_missing
from hyperspool.common.loading import loading
from hyperspool.common.signals import REQUESTS
from hyperspool.worker.turn import Turn


def main() -> None:
    """Run the worker. A signal that arrives before the worker listens ends it at once, because it holds nothing yet."""
    for number in REQUESTS:
        signal.signal(number, lambda *_: os._exit(0))
    turn = Turn.wait()
    with loading(), complaining_of_missing():
        from hyperspool.worker.cli import main as run_command_line

    run_command_line(turn)


# The guard is needed because the child process, started by spawn, imports this module again.
if __name__ == "__main__":
    main()
