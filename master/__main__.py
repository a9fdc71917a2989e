"""`python -m master`."""

import sys

from hyperspool.common.dependencies import complaining_of_missing
from hyperspool.common.loading import loading


def main() -> None:
    """Run the master's command line. Ctrl-C during the imports exits without a traceback."""
    try:
        with loading(), complaining_of_missing():
            from hyperspool.master.cli import main as run_command_line
    except KeyboardInterrupt:
        sys.exit(1)

    run_command_line()


if __name__ == "__main__":
    main()
