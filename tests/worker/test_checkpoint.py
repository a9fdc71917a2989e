from pathlib import Path

from tests.worker.test_trial import epoch_of
from worker.checkpoint import Checkpoint, read_checkpoints, save_checkpoint


def test_a_checkpoint_is_read_as_it_was_saved_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "00000.issue1.attempt1.pt"
    for payload in (b"first", b"", b"second" * 1000):
        saved = Checkpoint(payload, (epoch_of(1), epoch_of(3)))
        save_checkpoint(path, saved)
        assert list(read_checkpoints([path])) == [saved]
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_a_checkpoint_that_is_torn_or_damaged_anywhere_is_passed_over(tmp_path: Path) -> None:
    path, earlier = tmp_path / "2.pt", tmp_path / "1.pt"
    kept = [Checkpoint(b"earlier")]
    save_checkpoint(earlier, *kept)
    save_checkpoint(path, Checkpoint(b"later"))
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position])
        assert list(read_checkpoints([path, earlier])) == kept
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert list(read_checkpoints([path, earlier])) == kept
    path.write_bytes(bytes(len(whole)))
    assert list(read_checkpoints([path, earlier])) == kept


def test_a_checkpoint_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    assert list(read_checkpoints([tmp_path / "gone.pt"])) == []
