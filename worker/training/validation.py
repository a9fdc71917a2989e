"""Evaluates a network on images that it was not trained on."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from hyperspool.worker.training.cnn_by_hand import written_by_hand
from hyperspool.worker.training.data import Part

EVALUATION_BATCH = {"cpu": 100, "cuda": 5000}
"""Images per pass: a hundred stay in a CPU's cache (1.8 times as fast as 400); a GPU needs more to be busy."""


@torch.inference_mode()
def evaluate(model: nn.Module, part: Part, device: torch.device) -> tuple[float, float]:
    """Return mean cross-entropy and misclassified fraction over a part, without dropout."""
    loss = torch.zeros((), dtype=torch.float64, device=device)
    errors = torch.zeros((), dtype=torch.int64, device=device)
    for logits, labels in _batches(model, part, device):
        loss += functional.cross_entropy(logits, labels, reduction="sum")
        errors += (logits.argmax(1) != labels).sum()
    return float(loss) / len(part), int(errors) / len(part)


@torch.inference_mode()
def probabilities(model: nn.Module, part: Part, device: torch.device) -> Tensor:
    """Return the softmax outputs for a part, without dropout: (N, classes) float64."""
    return torch.cat([logits.double().softmax(1) for logits, _ in _batches(model, part, device)])


def _batches(model: nn.Module, part: Part, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    model.eval()
    size = EVALUATION_BATCH.get(device.type, EVALUATION_BATCH["cpu"])
    by_hand = written_by_hand(model, part.images)
    logits = model if by_hand is None else by_hand.logits
    for begin in range(0, len(part), size):
        yield logits(part.images[begin : begin + size]), part.labels[begin : begin + size]
