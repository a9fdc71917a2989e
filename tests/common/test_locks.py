"""Locks that are no claims, and file systems without any."""

import fcntl
import os
from errno import ENOLCK, ENOSYS, EOPNOTSUPP
from pathlib import Path

import pytest

from hyperspool.common.locks import ClaimMode, held, why_no_locks


@pytest.mark.parametrize("mode", list(ClaimMode))
def test_held_yields_nothing_while_another_holds_and_leaves_the_file(tmp_path: Path, mode: ClaimMode) -> None:
    path = tmp_path / "master.lock"
    with held(path, mode, "first\n", lease_s=0.6) as is_ours:
        assert is_ours is not None
        assert is_ours()
        with held(path, mode, "second\n", lease_s=0.6) as is_ours_too:
            assert is_ours_too is None
        assert path.read_text() == "first\n"
    with held(path, mode, "third\n", lease_s=0.6) as is_ours:
        assert is_ours is not None
    assert path.read_text() == "third\n"


@pytest.mark.parametrize(("errno", "is_detected"), [(ENOLCK, True), (ENOSYS, True), (EOPNOTSUPP, True), (0, False)])
def test_a_file_system_without_locks_is_detected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errno: int, is_detected: bool
) -> None:
    def refuse(_descriptor: int, _command: int, _lock: bytes) -> None:
        if errno:
            raise OSError(errno, os.strerror(errno))

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    reason = why_no_locks(tmp_path)
    assert (reason is not None) == is_detected
    assert not is_detected or f"the file system of {tmp_path} has no locks" in str(reason)
    assert list(tmp_path.iterdir()) == []
