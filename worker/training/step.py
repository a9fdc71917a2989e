"""One update of a network from one mini-batch: forward, loss, backward, update. `make_step` chooses how it is done."""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from hyperspool.worker.training.augmentation import Augmentation
from hyperspool.worker.training.cnn_by_hand import CnnByHand, written_by_hand
from hyperspool.worker.training.data import Part
from hyperspool.worker.training.momentum import MomentumSgd


class Step(Protocol):
    """Makes updates of one network, which is in training mode."""

    def __call__(self, chosen: Tensor) -> Tensor:
        """Update the network with the optimiser's learning rate and momentum as they are now.

        Args:
            chosen: (batch_size,) int64 on the device, numbers of training examples.

        Returns:
            The mean cross-entropy before the update, with dropout: a scalar on the device, valid until the next call.
        """


class PlainStep:
    """A step by torch's layers and autograd, for every network and device."""

    def __init__(
        self, model: nn.Module, optimiser: MomentumSgd, training: Part, augmentation: Augmentation | None
    ) -> None:
        self._model, self._optimiser, self._training, self._augmentation = model, optimiser, training, augmentation

    def __call__(self, chosen: Tensor) -> Tensor:
        """Update the network; see `Step`."""
        batch = self._training.images[chosen]
        if self._augmentation is not None:
            batch = self._augmentation(batch, chosen)
        loss = functional.cross_entropy(self._model(batch), self._training.labels[chosen])
        loss.backward()  # type: ignore[no-untyped-call]  # torch's Tensor.backward is not annotated
        self._optimiser.step()
        return loss.detach()


class StepByHand:
    """A step whose gradients are written out by hand."""

    def __init__(
        self, by_hand: CnnByHand, optimiser: MomentumSgd, training: Part, augmentation: Augmentation | None
    ) -> None:
        self._by_hand, self._optimiser, self._augmentation = by_hand, optimiser, augmentation
        self._images, self._labels = training.images.permute(0, 2, 3, 1), training.labels

    @torch.inference_mode()
    def __call__(self, chosen: Tensor) -> Tensor:
        """Update the network; see `Step`."""
        batch = self._images.index_select(0, chosen).permute(0, 3, 1, 2)
        if self._augmentation is not None:
            batch = self._augmentation(batch, chosen)
        loss, gradients = self._by_hand.gradients(batch, self._labels[chosen])
        self._optimiser.update(gradients)
        return loss


def make_step(model: nn.Module, optimiser: MomentumSgd, training: Part, augmentation: Augmentation | None) -> Step:
    """Make the step of a training."""
    by_hand = written_by_hand(model, training.images)
    if by_hand is not None:
        return StepByHand(by_hand, optimiser, training, augmentation)
    return PlainStep(model, optimiser, training, augmentation)
