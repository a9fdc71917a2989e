"""A child whose parent goes while it evaluates."""

import os
import signal
from pathlib import Path

import pytest

from hyperspool.common.definitions import OwnObjectives
from hyperspool.worker.child_process import ChildProcess
from hyperspool.worker.guardian import Guardian
from hyperspool.worker.messages import ChildSettings, EpochDone, Evaluate
from tests import programs
from tests.conftest import job_of, spec_of
from tests.processes import DEADLINE_S, is_alive


def test_child_whose_parent_is_gone_ends_with_its_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = tmp_path / "notes"
    monkeypatch.setenv("NOTES", str(notes))
    settings = ChildSettings("cpu", OwnObjectives(programs.TARGETS).definitions(), tmp_path)
    guardian = Guardian()
    child = ChildProcess({}, threads=1, guardian=guardian)
    child.connection.send(settings)
    assert guardian.pid is not None
    os.kill(guardian.pid, signal.SIGKILL)  # so that the child has to do it by itself
    guardian.close()
    spec = spec_of(objective={"name": "leaves"})
    child.connection.send(Evaluate(spec, job_of(params={"x": 5.0}), tmp_path / "saved.pt", ()))
    while not isinstance(child.connection.recv(), EpochDone):
        pass
    child.connection.close()
    child.process.join(DEADLINE_S)
    assert child.process.exitcode == -signal.SIGKILL
    left = [int(line.split()[1]) for line in notes.read_text().splitlines() if line.startswith("left")]
    assert len(left) == 4
    assert not any(map(is_alive, left))
    child.output.close()
