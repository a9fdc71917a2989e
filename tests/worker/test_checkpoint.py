from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.records import Budget, Seeds
from hyperspool.worker.checkpoint import Checkpoint, read_checkpoints, save_checkpoint
from tests.conftest import job_of
from tests.worker.test_trial import epoch_of

JOB = job_of()
OTHER_SEEDS = Seeds(initialisation=1, shuffling=2, dropout=4)


def test_a_checkpoint_reads_back_and_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "00000.issue1.attempt1.pt"
    for payload in (b"first", b"", b"second" * 1000):
        saved = Checkpoint(payload, (epoch_of(1), epoch_of(3)))
        save_checkpoint(path, saved, JOB)
        assert list(read_checkpoints([path], JOB)) == [saved]
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_a_torn_or_damaged_checkpoint_is_skipped(tmp_path: Path) -> None:
    path, earlier = tmp_path / "2.pt", tmp_path / "1.pt"
    kept = [Checkpoint(b"earlier")]
    save_checkpoint(earlier, kept[0], JOB)
    save_checkpoint(path, Checkpoint(b"later"), JOB)
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position])
        assert list(read_checkpoints([path, earlier], JOB)) == kept
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert list(read_checkpoints([path, earlier], JOB)) == kept
    path.write_bytes(bytes(len(whole)))
    assert list(read_checkpoints([path, earlier], JOB)) == kept


def test_a_missing_checkpoint_is_skipped(tmp_path: Path) -> None:
    assert list(read_checkpoints([tmp_path / "gone.pt"], JOB)) == []


@pytest.mark.parametrize("changes", [{"study": "other"}, {"trial": 1}, {"params": {"x": 0.5}}, {"seeds": OTHER_SEEDS}])
def test_a_checkpoint_of_another_trial_is_skipped(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "00000.issue1.attempt1.pt"
    save_checkpoint(path, Checkpoint(b"another's"), JOB.model_copy(update=changes))
    assert list(read_checkpoints([path], JOB)) == []


def test_a_checkpoint_serves_later_issues_and_larger_budgets(tmp_path: Path) -> None:
    path = tmp_path / "00000.issue1.attempt1.pt"
    save_checkpoint(path, Checkpoint(b"state"), JOB)
    later = JOB.model_copy(update={"issue": 2, "budget": Budget(epochs=9), "published_at": "later"})
    assert list(read_checkpoints([path], later)) == [Checkpoint(b"state")]
