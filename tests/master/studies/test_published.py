import os

import pytest

from hyperspool.common import atomic
from hyperspool.common.errors import ProtocolError, SearchError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.layout import StudyFolder
from hyperspool.common.watch import Wakeup
from hyperspool.master.results.workers import read_workers
from hyperspool.master.run import loop as study
from hyperspool.master.run.loop import Search
from hyperspool.master.studies.published import publish_study, read_published
from tests.conftest import spec_of


class Watcher:
    """Damages or removes the study's file at the first tick, and ends the search at the fourth."""

    def __init__(self, folder: StudyFolder, content: bytes | None) -> None:
        self._folder, self._content = folder, content
        self._ticks = 0

    def landed(self, *_: object) -> None:
        """Never called: no result comes in."""

    def tick(self, *_: object) -> None:
        self._ticks += 1
        if self._ticks > 1:
            return
        if self._content is None:
            self._folder.spec.unlink()
        else:
            self._folder.spec.write_bytes(self._content)

    def is_over(self) -> bool:
        return self._ticks > 3


def run_while_it_is_damaged(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch, content: bytes | None) -> None:
    monkeypatch.setattr(study, "RESCAN_S", 0.0)
    monkeypatch.setattr(study, "TICK_S", 0.001)
    watcher = Watcher(folder, content)
    search = Search(folder, spec_of(), Wakeup(), watcher.is_over)
    assert not search.resume()
    assert not search.run(watcher, lambda: None)


@pytest.mark.parametrize("content", [b"", bytes(100), b"{}", spec_of(name="other").to_json(), spec_of().to_json()[:70]])
def test_unreadable_study_file_gives_a_message_with_advice(folder: StudyFolder, content: bytes) -> None:
    folder.spec.write_bytes(content)
    for read in (lambda: read_published(folder), lambda: publish_study(folder, spec_of())):
        with pytest.raises(ProtocolError) as raised:
            read()
        assert str(raised.value).startswith(f"{folder.spec}: ")
        assert "Restore the file from a copy; or remove it" in str(raised.value)


@pytest.mark.parametrize("content", [b"", bytes(100), spec_of(name="other").to_json(), spec_of().to_json()[:70]])
def test_running_master_publishes_a_damaged_study_file_again(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    whole = folder.spec.read_bytes()
    run_while_it_is_damaged(folder, monkeypatch, content)
    assert folder.spec.read_bytes() == whole
    assert content in [path.read_bytes() for path in folder.rejected.glob("study.json.*")]
    assert [str(folder.spec) in message for message in caplog.messages] == [True, True]


def test_running_master_does_not_restore_a_removed_study(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SearchError, match="was removed while the study ran"):
        run_while_it_is_damaged(folder, monkeypatch, None)
    assert not folder.spec.exists()


def test_heartbeat_under_another_workers_name_is_ignored(folder: StudyFolder) -> None:
    record = WorkerRecord(worker="lab-1", host="lab", pid=os.getpid(), device="cpu", state="idle", beat=1, at="")
    for name in ("lab-1", "lab-2"):
        atomic.replace(folder.worker(name), record.to_json(), durable=False)
    assert list(read_workers(folder)) == [record]
