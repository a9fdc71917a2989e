"""One trial's training, epoch by epoch; can be stopped after any mini-batch and go on from there to the last bit."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from worker.training.data import Dataset, Part
from worker.training.model import Cnn, initialise_glorot
from worker.training.momentum import MomentumSgd

EVALUATION_BATCH = {"cpu": 100, "cuda": 5000}
"""Images at once in validation: a hundred stay in a CPU's cache (1.8 times as fast as 400); a GPU wants more."""


@dataclass(frozen=True)
class CnnParams:
    """A trial's hyperparameters.

    Attributes:
        num_filters: filters of each convolution.
        learning_rate: of Lasagne's momentum rule, constant.
        momentum: in [0, 1].
        batch_size: examples of a mini-batch; the last, incomplete one of an epoch is dropped.
    """

    num_filters: int
    learning_rate: float
    momentum: float
    batch_size: int


@dataclass(frozen=True)
class TrainingSeeds:
    """One seed per source of randomness."""

    initialisation: int
    shuffling: int
    dropout: int


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave.

    Attributes:
        epoch: counted from 1.
        seconds: wall-clock time of training and validation.
        training_loss: mean cross-entropy over the epoch's mini-batches, with dropout, as the weights moved.
        validation_loss: mean cross-entropy over the validation part, without dropout.
        validation_error: fraction of the validation part that is misclassified; chance if a loss is not finite.
        learning_rate: of the epoch's last update.
    """

    epoch: int
    seconds: float
    training_loss: float
    validation_loss: float
    validation_error: float
    learning_rate: float

    @property
    def is_diverged(self) -> bool:
        """Whether a loss is no longer a finite number."""
        return not (math.isfinite(self.training_loss) and math.isfinite(self.validation_loss))


class Trainer:
    """Trains the CNN on a data set that lives on the device. Takes the process's global generator for dropout.

    Args:
        data: on `device`.
        params: hyperparameters.
        seeds: where initialisation, shuffling and dropout begin.
        device: where to compute.

    Raises:
        ValueError: a mini-batch is larger than the training part.
    """

    def __init__(self, data: Dataset, params: CnnParams, seeds: TrainingSeeds, device: torch.device) -> None:
        if params.batch_size > len(data.training):
            raise ValueError(
                f"batch_size is {params.batch_size}, but {data.name} has {len(data.training)} training examples here: "
                "an epoch would have no whole mini-batch"
            )
        self.data, self.params, self.device = data, params, device
        self.model = Cnn(data.image_shape, params.num_filters, data.classes)
        initialise_glorot(self.model, seeds.initialisation)
        self.model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch omits it
        self.optimiser = MomentumSgd(self.model.parameters(), params.learning_rate, params.momentum)
        self.curve: list[Epoch] = []
        self._shuffling = torch.Generator().manual_seed(seeds.shuffling)
        torch.manual_seed(seeds.dropout)
        self._begin_epoch()

    @property
    def is_diverged(self) -> bool:
        """Whether the last epoch's losses were not finite."""
        return bool(self.curve) and self.curve[-1].is_diverged

    def run_epoch(self, should_stop: Callable[[], bool]) -> Epoch | None:
        """Train and validate for one epoch, or for the rest of one that was stopped.

        Returns:
            The epoch, which is also appended to `curve`; None if `should_stop` said so between two mini-batches.
        """
        begin = time.perf_counter()
        if not self._train(should_stop):
            self._seconds += time.perf_counter() - begin
            return None
        steps = len(self.data.training) // self.params.batch_size
        validation_loss, validation_error = evaluate(self.model, self.data.validation, self.device)
        training_loss = float(self._loss_sum) / steps
        self._seconds += time.perf_counter() - begin
        is_finite = math.isfinite(training_loss) and math.isfinite(validation_loss)
        epoch = Epoch(
            epoch=len(self.curve) + 1,
            seconds=self._seconds,
            training_loss=training_loss,
            validation_loss=validation_loss,
            validation_error=validation_error if is_finite else self.data.chance_error,
            learning_rate=self.optimiser.learning_rate,
        )
        self.curve.append(epoch)
        self._begin_epoch()
        return epoch

    def state_dict(self) -> dict[str, Any]:
        """Everything that training goes on from: tensors, numbers, texts, lists and dicts only."""
        return {
            "curve": [asdict(epoch) for epoch in self.curve],
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "shuffling": self._shuffling_at_begin,
            "dropout": self._dropout_state(),
            "position": self._position,
            "loss_sum": self._loss_sum.cpu(),
            "seconds": self._seconds,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict`, at the mini-batch after the last."""
        self.curve = [Epoch(**epoch) for epoch in state["curve"]]
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._shuffling.set_state(state["shuffling"])
        self._begin_epoch()
        self._position = state["position"]
        self._loss_sum = state["loss_sum"].to(self.device)
        self._seconds = state["seconds"]
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["dropout"], self.device)
        else:
            torch.set_rng_state(state["dropout"])

    def _begin_epoch(self) -> None:
        self._shuffling_at_begin = self._shuffling.get_state()
        # Drawn on the CPU, so that the order of examples is the same on any device.
        self._order = torch.randperm(len(self.data.training), generator=self._shuffling).to(self.device)
        self._position = 0
        self._loss_sum = torch.zeros((), dtype=torch.float64, device=self.device)
        self._seconds = 0.0

    def _train(self, should_stop: Callable[[], bool]) -> bool:
        self.model.train()
        size = self.params.batch_size
        steps = len(self.data.training) // size
        images, labels = self.data.training.images, self.data.training.labels
        while self._position < steps:
            if should_stop():
                return False
            chosen = self._order[self._position * size : (self._position + 1) * size]
            loss = functional.cross_entropy(self.model(images[chosen]), labels[chosen])
            loss.backward()  # type: ignore[no-untyped-call]  # torch's Tensor.backward is not annotated
            self.optimiser.step()
            self._loss_sum += loss.detach()
            self._position += 1
        return True

    def _dropout_state(self) -> Tensor:
        return torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else torch.get_rng_state()


@torch.inference_mode()
def evaluate(model: torch.nn.Module, part: Part, device: torch.device) -> tuple[float, float]:
    """Mean cross-entropy and fraction misclassified over a part, without dropout."""
    model.eval()
    loss = torch.zeros((), dtype=torch.float64, device=device)
    errors = torch.zeros((), dtype=torch.int64, device=device)
    size = EVALUATION_BATCH.get(device.type, EVALUATION_BATCH["cpu"])
    for begin in range(0, len(part), size):
        images, labels = part.images[begin : begin + size], part.labels[begin : begin + size]
        logits = model(images)
        loss += functional.cross_entropy(logits, labels, reduction="sum")
        errors += (logits.argmax(1) != labels).sum()
    return float(loss) / len(part), int(errors) / len(part)
