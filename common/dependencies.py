"""The first import of what has to be installed. Nothing but the standard library is imported here."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

WRONG_USAGE = 2


@contextmanager
def complaining_of_missing() -> Iterator[None]:
    """While the block imports, a dependency that is not installed ends the process: one message, exit status 2.

    Most often the virtual environment is not the one that runs. A module of the project's own that is missing, or one
    of Python's, is a defect and keeps its traceback.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        top = (error.name or "").partition(".")[0]
        if not top or top == "hyperspool" or top in sys.stdlib_module_names:
            raise
        sys.stderr.write(
            f"error: {top} is not installed for {sys.executable}; "
            'run "make setup" and use .venv/bin/python (or activate it: . .venv/bin/activate)\n'
        )
        sys.exit(WRONG_USAGE)
