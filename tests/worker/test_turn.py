"""Workers that start at the same moment load in turns."""

import multiprocessing
import os
import signal
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from hyperspool.worker.turn import Turn
from tests.processes import DEADLINE_S


def test_as_many_load_at_once_as_there_are_cores(tmp_path: Path) -> None:
    turns = [Turn.wait(tmp_path, count=2, limit_s=0) for _ in range(3)]
    assert [turn.is_held for turn in turns] == [True, True, False]
    turns[0].end()
    assert Turn.wait(tmp_path, count=2).is_held
    turns[1].end()


def _hold(turn: Turn, connection: Connection) -> None:
    connection.send(turn.is_held)
    connection.recv()


def test_a_turn_lives_on_in_the_child_until_its_end(tmp_path: Path) -> None:
    turn = Turn.wait(tmp_path, count=1)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_hold, args=(turn, theirs))
    child.start()
    turn.end()
    assert ours.recv()
    assert not Turn.wait(tmp_path, count=1, limit_s=0).is_held
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    after = Turn.wait(tmp_path, count=1, limit_s=DEADLINE_S)
    assert after.is_held
    after.end()


def test_nobody_waits_at_a_place_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ours = Turn.wait()
    assert ours.is_held
    ours.end()
    place = tmp_path / f"hyperspool-{os.getuid()}"
    place.rename(tmp_path / "elsewhere")
    place.symlink_to("elsewhere")
    assert not Turn.wait().is_held
