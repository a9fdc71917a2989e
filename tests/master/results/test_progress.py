from hyperspool.common import atomic
from hyperspool.common.curve import to_text
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.master.results.progress import LAST_EPOCHS, ProgressReader


def worker(epoch: int, epochs: int = 100) -> WorkerRecord:
    now = {"state": "running", "trial": 2, "rung": 0, "issue": 1, "attempt": 1, "epoch": epoch, "epochs": epochs}
    own = {"worker": "w", "host": "h", "pid": 1, "device": "cpu", "beat": 1, "at": ""}
    return WorkerRecord.model_validate(own | now)


def write_curve(folder: StudyFolder, epochs: int, torn: str = "") -> None:
    records = [
        EpochRecord.of(epoch=epoch, seconds=9.0 if epoch < 5 else 2.0, loss=1 / epoch, learning_rate=0.1)
        for epoch in range(1, epochs + 1)
    ]
    path = folder.running_curve(AttemptName(Issue(2), 1))
    atomic.replace(path, (to_text(records) + torn).encode(), durable=False)


def test_progress_has_metrics_seconds_per_epoch_and_time_left(folder: StudyFolder) -> None:
    write_curve(folder, 40, torn="41,2.0,0.0")
    progress = ProgressReader(folder).of(worker(40))
    assert progress.metrics == {"loss": 1 / 40}
    assert (progress.epoch_s, progress.left_s) == (2.0, 120.0)
    assert len(progress.recent) == LAST_EPOCHS


def test_trial_without_an_epoch_has_no_times(folder: StudyFolder) -> None:
    progress = ProgressReader(folder).of(worker(0))
    assert (progress.metrics, progress.epoch_s, progress.left_s) == ({}, None, None)


def test_curve_is_read_again_only_after_another_epoch(folder: StudyFolder) -> None:
    reader = ProgressReader(folder)
    write_curve(folder, 1)
    assert reader.of(worker(1)).metrics == {"loss": 1.0}
    write_curve(folder, 2)
    assert reader.of(worker(1)).metrics == {"loss": 1.0}
    assert reader.of(worker(2)).metrics == {"loss": 0.5}
