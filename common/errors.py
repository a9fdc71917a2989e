"""The exception tree: one root, and branches by whose fault it is and what to do.

A failed trial is never an exception: it is a `Result` with a reason. Losing a race for a claim is `None`.
"""

from pathlib import Path

from hyperspool.common.invocation import command_line


class SearchError(Exception):
    """Root of every error that this project raises on purpose. `str()` is one message, written for the user."""

    exit_status = 1


class UsageError(SearchError, ValueError):
    """The user asked for something impossible: a wrong option, an unknown study, a device that does not exist."""

    exit_status = 2


class StudyError(UsageError):
    """A study is invalid.

    Args:
        source: the file or option that the study came from.
        problems: one line per problem: the key, what was found, what is allowed.
    """

    def __init__(self, source: str, problems: tuple[str, ...]) -> None:
        super().__init__(source, problems)
        self.source = source
        self.problems = problems

    def __str__(self) -> str:
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        return f"{self.source} is not a valid study:\n{lines}"


class ProtocolError(SearchError, ValueError):
    """A file in the shared folder does not follow the protocol: it is torn, foreign, or of another version.

    Args:
        path: the file.
        reason: what was found and what was expected.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class FolderError(SearchError, OSError):
    """The shared folder cannot be used: it is missing, read-only or full, or lacks what the protocol needs.

    Args:
        path: the folder or file that the operating system refused.
        reason: what is wrong and what to do.
    """

    exit_status = 2

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class StudyBusyError(SearchError, RuntimeError):
    """Another master runs this study.

    Args:
        study: the study's name.
        holder: what the lock file says about the other master.
    """

    def __init__(self, study: str, holder: str) -> None:
        super().__init__(study, holder)
        self.study = study
        self.holder = holder

    def __str__(self) -> str:
        return (
            f"study {self.study} already has a master ({self.holder}). One master runs a study at a time: "
            f"stop that one first, watch it with `{command_line('master', 'status', self.study, '--watch')}`, "
            f"or start another study with --new."
        )


class UnableError(SearchError, RuntimeError):
    """This worker cannot evaluate a study's trials, though another may: data or an objective is missing here.

    The claim is released, and the attempt does not count.
    """

    exit_status = 2
