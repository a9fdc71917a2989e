"""Turns a missing dependency into one message. Imports nothing but the standard library, so that it always loads."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

WRONG_USAGE = 2


@contextmanager
def complaining_of_missing() -> Iterator[None]:
    """If an import in the block fails for a missing dependency, end the process: one message, exit status 2.

    The usual cause is that Python runs outside the virtual environment. A missing module of this project or of the
    standard library is a defect, and keeps its traceback.
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
