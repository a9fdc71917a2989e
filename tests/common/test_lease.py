import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import Timeout

from hyperspool.common.lease import Lease
from hyperspool.common.locks import ClaimMode, held, is_lost, make_lock, try_acquire

LEASE_S = 0.3


def until_true(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < end_s
        threading.Event().wait(0.01)


def is_taken(lease: Lease) -> bool:
    try:
        lease.acquire(blocking=False)
    except Timeout:
        return False
    return True


def was_seen_empty(lease: Lease) -> bool:
    return lease._empty is not None


def of_a_holder_elsewhere(path: Path) -> bytes:
    """Leave the file of a lease whose holder, on another host, is dead: no process here can know that."""
    lease = Lease(path, LEASE_S)
    lease.acquire()
    text = path.read_text()
    lease.release()
    path.write_text(text.replace(socket.gethostname(), "elsewhere"))
    return path.read_bytes()


def test_an_empty_lease_is_taken_over_after_its_time(tmp_path: Path) -> None:
    path = tmp_path / "00000.lease"
    path.touch()
    lease = Lease(path, LEASE_S)
    began_s = time.monotonic()
    until_true(lambda: is_taken(lease))
    assert time.monotonic() - began_s >= LEASE_S
    lease.release()
    assert not path.exists()


def test_a_lease_written_meanwhile_is_not_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "00000.lease"
    text = of_a_holder_elsewhere(path)
    path.write_bytes(b"")
    lease = Lease(path, 3600.0)
    assert not is_taken(lease)
    assert was_seen_empty(lease)
    path.write_bytes(text.replace(repr(LEASE_S).encode(), b"3600.0"))
    assert not is_taken(lease)
    assert not was_seen_empty(lease)
    assert path.exists()


def test_waiting_for_an_empty_lease_ends(tmp_path: Path) -> None:
    path = tmp_path / "data.lease"
    path.touch()
    lease = Lease(path, LEASE_S)
    lease.acquire()
    assert path.read_bytes()
    lease.release()


def test_the_next_master_takes_a_dead_hosts_lease(tmp_path: Path) -> None:
    of_a_holder_elsewhere(tmp_path / "master.lease")
    with held(tmp_path / "master.lock", ClaimMode.LEASE, "me", LEASE_S) as is_ours:
        assert is_ours is not None
        assert is_ours()


def test_a_masters_lease_that_is_touched_is_held(tmp_path: Path) -> None:
    path = tmp_path / "master.lease"
    of_a_holder_elsewhere(path)
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(LEASE_S / 10):
            path.touch()

    holder = threading.Thread(target=beat)
    holder.start()
    try:
        with held(tmp_path / "master.lock", ClaimMode.LEASE, "me", LEASE_S) as is_ours:
            assert is_ours is None
    finally:
        is_over.set()
        holder.join()


@pytest.mark.parametrize("mode", ClaimMode)
def test_a_held_lease_is_not_lost(tmp_path: Path, mode: ClaimMode) -> None:
    lock = make_lock(tmp_path / "lock", mode)
    assert try_acquire(lock)
    assert not is_lost(lock)
    lock.release()
