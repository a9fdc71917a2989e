"""Fixtures for tests of faults."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.world import World


@pytest.fixture
def world(root: Path) -> Iterator[World]:
    """Starts masters and workers under the faults that a test names, and ends them after the test."""
    started = World(root)
    yield started
    started.kill_all()
