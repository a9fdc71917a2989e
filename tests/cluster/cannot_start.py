"""Why a test on a cluster is skipped."""


class CannotStart(Exception):  # noqa: N818 - no error of the project's: this machine does not allow what it takes
    """This machine cannot run what the test needs; the text says why."""
