import pickle
from pathlib import Path

import pytest

from hyperspool.common.errors import (
    FolderError,
    ProtocolError,
    SearchError,
    StudyBusyError,
    StudyError,
    UnableError,
    UsageError,
)


@pytest.mark.parametrize(
    "error",
    [
        ProtocolError(Path("jobs/a/00001.json"), "is torn"),
        FolderError(Path("/mnt"), "is full"),
        StudyError("my.toml", ("trials: missing",)),
        StudyBusyError("demo", "process 1 on lab"),
        UsageError("no such study"),
        UnableError("no data"),
    ],
)
def test_errors_keep_their_fields_and_message_across_processes(error: SearchError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_errors_are_also_the_builtins_that_they_refine() -> None:
    assert isinstance(ProtocolError(Path(), ""), ValueError)
    assert isinstance(FolderError(Path(), ""), OSError)
    assert isinstance(StudyError("", ()), UsageError)


def test_a_users_mistake_has_its_own_exit_status() -> None:
    assert (UsageError.exit_status, FolderError.exit_status, StudyBusyError.exit_status) == (2, 2, 1)
