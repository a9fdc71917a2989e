import math

import pytest
import torch
from torch import Tensor, nn

from hyperspool.worker.training.data import Part
from hyperspool.worker.training.ensemble import MAX_KEPT, SnapshotEnsemble, evaluate_together

CPU = torch.device("cpu")
PART = Part(torch.eye(2)[:, None, None, :], torch.tensor([0, 1]))


class Fixed(nn.Module):
    """Answers with given logits, one row per image."""

    def __init__(self, logits: list[list[float]]) -> None:
        super().__init__()
        self.logits: Tensor
        self.register_buffer("logits", torch.tensor(logits))

    def forward(self, images: Tensor) -> Tensor:
        return self.logits[images.flatten(1).argmax(1)]


def test_the_ensemble_answers_by_the_highest_mean_output() -> None:
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


def test_it_keeps_copies_of_the_last_networks_weights() -> None:
    ensemble = SnapshotEnsemble(PART, 2, CPU, keeps_networks=True)
    network = Fixed([[0.0, 0.0], [0.0, 0.0]])
    for number in range(MAX_KEPT + 2):
        network.logits.fill_(number)
        ensemble.add(network)
    assert [float(weights["logits"][0, 0]) for weights in ensemble.networks] == list(range(2, MAX_KEPT + 2))
    second = SnapshotEnsemble(PART, 2, CPU, keeps_networks=True)
    second.load_state_dict(ensemble.state_dict())
    second.add(network)
    assert len(second.networks) == MAX_KEPT
    assert SnapshotEnsemble(PART, 2, CPU).networks == []


def test_networks_together_are_measured_by_their_mean_outputs() -> None:
    outputs = ([[0.6, 0.4], [0.1, 0.9]], [[0.01, 0.99], [0.7, 0.3]])
    networks = [Fixed(torch.tensor(rows).log().tolist()).state_dict() for rows in outputs]
    loss, error = evaluate_together(Fixed([[0.0, 0.0]] * 2), networks, PART, CPU)
    assert error == 0.5
    assert loss == pytest.approx(-(math.log(0.305) + math.log(0.6)) / 2)


def test_an_output_rounded_to_zero_leaves_a_finite_loss() -> None:
    sure = Fixed([[0.0, 2000.0], [0.0, 2000.0]]).state_dict()
    assert math.isfinite(evaluate_together(Fixed([[0.0, 0.0]] * 2), [sure], PART, CPU)[0])
