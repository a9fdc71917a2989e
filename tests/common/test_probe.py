import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hyperspool.common.probe import probe_in
from tests.processes import REPOSITORY

ASKED_TO_LEAVE = """
import os, signal, sys
from pathlib import Path
from hyperspool.common.probe import probe_in
signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
with probe_in(Path(sys.argv[1])) as probe:
    probe.touch()
    os.kill(os.getpid(), signal.SIGTERM)
    print("goes on", flush=True)
print("never comes to here", flush=True)
"""


def make_twice(path: Path) -> None:
    path.touch()
    path.touch(exist_ok=False)


def test_a_probe_does_not_outlive_its_block_however_that_ends(tmp_path: Path) -> None:
    with probe_in(tmp_path) as probe:
        probe.touch()
    with pytest.raises(FileExistsError), probe_in(tmp_path) as probe:
        make_twice(probe)
    assert list(tmp_path.iterdir()) == []
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_request_to_leave_waits_until_the_probe_is_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ASKED_TO_LEAVE, str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (7, "goes on\n")
    assert list(tmp_path.iterdir()) == []
