from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperspool.common.claim import Claimant, Claims
from hyperspool.worker.queue import JobQueue
from tests.worker.bench import Bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # it would hide output that is not flushed
    made = Bench(tmp_path)
    yield made
    made.executor.close()
    made.bell.close()


@pytest.fixture
def jobs(root: Path) -> JobQueue:
    return JobQueue(root, None, None, Claims(Claimant("mine")), clock=lambda: 0.0)  # so that no listing grows old
