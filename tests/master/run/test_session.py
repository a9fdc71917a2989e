"""`run` refuses some studies before it publishes anything."""

import io
from pathlib import Path

import pytest

from hyperspool.common.definitions import OwnObjectives
from hyperspool.common.errors import StudyError
from hyperspool.master.range_test.session import run_range
from hyperspool.master.range_test.study import base_study, range_study
from hyperspool.master.run.session import RunOptions, run_session
from hyperspool.master.studies.changes import Changes
from hyperspool.master.terminal.console import Terminal

L2_TWICE = ("space.l2=0.1", "space.weight_decay=0.2")


def test_study_in_which_every_trial_fails_is_not_published(root: Path) -> None:
    options = RunOptions(root, "scenario4", Changes.parse({}, L2_TWICE), 0, OwnObjectives(), is_new=False)
    with pytest.raises(
        StudyError, match=r"every trial would fail, .*\n  space: l2 is 0.1 and weight_decay is 0.2"
    ) as caught:
        run_session(Terminal(file=io.StringIO()), options)
    assert caught.value.exit_status == 2
    assert list((root / "jobs").iterdir()) == []


def test_a_range_test_that_would_fail_is_not_published(root: Path) -> None:
    spec = range_study(base_study(None, "mlp", root, Changes.parse({}, L2_TWICE)), 0.1, 1.0, 2, is_log=False)
    with pytest.raises(StudyError, match=r"range test mlp-digits-lr-range .*\n.*\n  space: l2 is 0.1"):
        run_range(Terminal(file=io.StringIO()), root, spec, 0)
    assert list((root / "jobs").iterdir()) == []
