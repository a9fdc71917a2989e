import pytest
import torch
from torch import Tensor, nn

from worker.training.data import Part
from worker.training.ensemble import SnapshotEnsemble

CPU = torch.device("cpu")
PART = Part(torch.eye(2)[:, None, None, :], torch.tensor([0, 1]))


class Fixed(nn.Module):
    """Answers with given logits, one row per image."""

    def __init__(self, logits: list[list[float]]) -> None:
        super().__init__()
        self.logits = torch.tensor(logits)

    def forward(self, images: Tensor) -> Tensor:
        return self.logits[images.flatten(1).argmax(1)]


def test_the_ensembles_answer_is_the_class_of_the_highest_mean_of_the_softmax_outputs() -> None:
    # Image 0: members say 0.6/0.4 and 0.01/0.99: mean 0.305, class 1, though the logits' votes are tied.
    # Image 1: 0.1/0.9 and 0.7/0.3: mean 0.4, class 1.
    ensemble = SnapshotEnsemble(PART, 2, CPU)
    for outputs in ([[0.6, 0.4], [0.1, 0.9]], [[0.01, 0.99], [0.7, 0.3]]):
        ensemble.add(Fixed(torch.tensor(outputs).log().tolist()))
    assert ensemble.members == 2
    torch.testing.assert_close(ensemble.state_dict()["sum"] / 2, torch.tensor([[0.305, 0.695], [0.4, 0.6]]).double())
    assert ensemble.error == 0.5


def test_without_members_there_is_no_error() -> None:
    assert SnapshotEnsemble(PART, 2, CPU).error is None


def test_it_goes_on_from_its_state() -> None:
    first = SnapshotEnsemble(PART, 2, CPU)
    first.add(Fixed([[0.0, 3.0], [0.0, 1.0]]))
    second = SnapshotEnsemble(PART, 2, CPU)
    second.load_state_dict(first.state_dict())
    for ensemble in (first, second):
        ensemble.add(Fixed([[1.0, 0.0], [0.0, 1.0]]))
    assert second.members == 2
    assert torch.equal(first.state_dict()["sum"], second.state_dict()["sum"])
    assert first.error == second.error == pytest.approx(0.5)
