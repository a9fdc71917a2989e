import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hyperspool.common.records import EpochRecord
from hyperspool.worker.checkpoint import Checkpoint
from hyperspool.worker.objectives.cnn import evaluate_cnn
from hyperspool.worker.objectives.trial import Trial, TrialStopped
from tests.worker.test_trial import trial_of

pytestmark = pytest.mark.usefixtures("torch_left_as_it_was")


class Recorder:
    """Keeps what a trial says."""

    def __init__(self, stop_after: int | None = None, saved: tuple[bytes, ...] = ()) -> None:
        self.asked = 0
        self.stop_after = stop_after
        self.brought_along: list[EpochRecord] = []
        self.epochs: list[EpochRecord] = []
        self.payloads: list[bytes] = []
        self.saved = saved

    def trial(self, epochs: int = 3) -> Trial:
        params = trial_of(num_filters=4, learning_rate=0.05, momentum=0.5, batch_size=20)
        return replace(params, epochs=epochs, data=("digits", 100), data_folder=Path(), parent=self)

    def began(self) -> None:
        pass

    def resumed(self, curve: Sequence[EpochRecord]) -> None:
        self.brought_along.extend(curve)

    def epoch_done(self, record: EpochRecord) -> None:
        self.epochs.append(record)

    def save(self, checkpoint: Checkpoint) -> None:
        self.payloads.append(checkpoint.payload)

    def checkpoints(self) -> Iterable[Checkpoint]:
        return map(Checkpoint, self.saved)

    def should_stop(self) -> bool:
        self.asked += 1
        return self.stop_after is not None and self.asked > self.stop_after


def test_a_trial_that_is_stopped_in_mid_epoch_saves_where_it_is() -> None:
    recorder = Recorder(stop_after=7)  # five mini-batches an epoch: in the middle of the second
    with pytest.raises(TrialStopped):
        evaluate_cnn(recorder.trial())
    state = torch.load(io.BytesIO(recorder.payloads[-1]), weights_only=True)
    assert (len(state["curve"]), state["position"]) == (1, 2)


def test_a_resumed_trial_repeats_no_mini_batch_and_tells_the_epochs_that_it_brings_along() -> None:
    first = Recorder(stop_after=7)
    with pytest.raises(TrialStopped):
        evaluate_cnn(first.trial())
    second = Recorder(saved=(b"torn", first.payloads[-1]))
    evaluate_cnn(second.trial())
    assert [epoch.epoch for epoch in second.brought_along] == [1]
    assert [epoch.epoch for epoch in second.epochs] == [2, 3]
    assert second.asked == 3 * 5 - 7


def test_every_epoch_but_the_last_is_saved_before_it_is_reported() -> None:
    recorder = Recorder()
    evaluate_cnn(recorder.trial(epochs=3))
    lengths = [len(torch.load(io.BytesIO(payload), weights_only=True)["curve"]) for payload in recorder.payloads]
    assert lengths == [1, 2]
