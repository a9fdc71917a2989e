from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.bench import Bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # it would hide output that is not flushed
    made = Bench(tmp_path)
    yield made
    made.executor.close()
    made.bell.close()
