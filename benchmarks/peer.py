"""The loop that people write, which training is compared with. It needs only torch.

The network is an nn.Sequential, the mini-batches come from a DataLoader over a TensorDataset, torch.optim.SGD updates,
and the loss is read at every step.
"""

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from hyperspool.worker.training.data import Dataset, Part
from hyperspool.worker.training.model import HIDDEN_UNITS, KERNEL, POOL
from hyperspool.worker.training.params import CnnParams, TrainingSeeds

VALIDATION_BATCH = 256


class PeerLoop:
    """Trains the network of `cnn` epoch by epoch.

    Args:
        data: on the CPU, where people leave it; each mini-batch goes to the device.
        params: filters, learning rate, momentum and batch size are used.
        seeds: of initialisation and shuffling.
        device: where to compute.
    """

    def __init__(self, data: Dataset, params: CnnParams, seeds: TrainingSeeds, device: torch.device) -> None:
        self._device, self._loss = device, nn.CrossEntropyLoss()
        torch.manual_seed(seeds.initialisation)
        self._model = _network(data, params.num_filters).to(device)
        self._optimiser = torch.optim.SGD(self._model.parameters(), lr=params.learning_rate, momentum=params.momentum)
        shuffling = torch.Generator().manual_seed(seeds.shuffling)
        self._training = DataLoader(
            _dataset(data.training), params.batch_size, shuffle=True, drop_last=True, generator=shuffling
        )
        self._validation = DataLoader(_dataset(data.validation), VALIDATION_BATCH)

    def step(self, images: torch.Tensor, labels: torch.Tensor) -> float:
        """Make an update and return its loss."""
        images, labels = images.to(self._device), labels.to(self._device)
        self._optimiser.zero_grad()
        loss = self._loss(self._model(images), labels)
        loss.backward()
        self._optimiser.step()
        return float(loss.item())

    def run_epoch(self) -> tuple[float, float, float]:
        """Train and validate for one epoch; return the two mean losses and the validation error."""
        self._model.train()
        losses = [self.step(images, labels) for images, labels in self._training]
        self._model.eval()
        total, errors, count = 0.0, 0, 0
        with torch.no_grad():
            for images, labels in self._validation:
                logits, wanted = self._model(images.to(self._device)), labels.to(self._device)
                total += functional.cross_entropy(logits, wanted, reduction="sum").item()
                errors += int((logits.argmax(1) != wanted).sum().item())
                count += len(labels)
        return sum(losses) / len(losses), total / count, errors / count


def _network(data: Dataset, filters: int) -> nn.Module:
    channels, *sides = data.image_shape
    for _ in range(2):
        sides = [(side - KERNEL + 1) // POOL for side in sides]
    return nn.Sequential(
        nn.Conv2d(channels, filters, KERNEL),
        nn.ReLU(),
        nn.MaxPool2d(POOL),
        nn.Conv2d(filters, filters, KERNEL),
        nn.ReLU(),
        nn.MaxPool2d(POOL),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(filters * sides[0] * sides[1], HIDDEN_UNITS),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(HIDDEN_UNITS, data.classes),
    )


def _dataset(part: Part) -> TensorDataset:
    return TensorDataset(part.images, part.labels)
