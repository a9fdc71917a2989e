"""One trial's training, epoch by epoch. It can stop after any mini-batch and go on from there to the last bit."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from hyperspool.worker.training.augmentation import Augmentation
from hyperspool.worker.training.captured import CapturedTraining, EpochInput, captured_training
from hyperspool.worker.training.data import Dataset
from hyperspool.worker.training.ensemble import SnapshotEnsemble
from hyperspool.worker.training.initialisation import initialise
from hyperspool.worker.training.model import make_model
from hyperspool.worker.training.momentum import MomentumSgd
from hyperspool.worker.training.params import TrainingParams, TrainingSeeds
from hyperspool.worker.training.schedules import make_schedule
from hyperspool.worker.training.step import make_step
from hyperspool.worker.training.validation import evaluate

VERSION = 3
"""Versions of the training give other numbers from the same params and seeds. Every result names its version, under
`versions`, and no training goes on from a checkpoint of another one.

2: on a CPU the CNN's gradients are written out by hand, and its dropout draws other numbers; the update of any network
rounds otherwise there.
3: on a CPU the second convolution of a CNN with 32 filters or more rounds otherwise: it goes by Winograd's way.
"""


@dataclass(frozen=True)
class Epoch:
    """The measurements of one epoch.

    Attributes:
        epoch: counted from 1.
        seconds: wall-clock time of training and validation.
        training_loss: mean cross-entropy over the epoch's mini-batches, with dropout, as the weights moved.
        validation_loss: mean cross-entropy over the validation part, without dropout.
        validation_error: misclassified fraction of the validation part; that of guessing if a loss is not finite.
        learning_rate: of the epoch's last update.
        momentum: of the epoch's last update.
    """

    epoch: int
    seconds: float
    training_loss: float
    validation_loss: float
    validation_error: float
    learning_rate: float
    momentum: float

    @property
    def is_diverged(self) -> bool:
        """Whether a loss is no longer a finite number."""
        return not (math.isfinite(self.training_loss) and math.isfinite(self.validation_loss))


class Trainer:
    """Trains a network on a data set that is on the device. Dropout uses the process's global random generator.

    Args:
        data: on `device`.
        params: hyperparameters; their type selects the network.
        seeds: of initialisation, shuffling and dropout.
        device: where to compute.
        epochs: the budget, which some schedules span.
        keeps_networks: whether an ensemble keeps its members' weights.

    Raises:
        ValueError: a mini-batch is larger than the training part, or the budget is too short for the schedule.
    """

    def __init__(
        self,
        data: Dataset,
        params: TrainingParams,
        seeds: TrainingSeeds,
        device: torch.device,
        epochs: int = 1,
        *,
        keeps_networks: bool = False,
    ) -> None:
        if params.batch_size > len(data.training):
            raise ValueError(
                f"batch_size is {params.batch_size}, but {data.name} has {len(data.training)} training examples here: "
                "an epoch would have no whole mini-batch"
            )
        self.data, self.params, self.device = data, params, device
        self._steps = len(data.training) // params.batch_size
        self.schedule = make_schedule(params, self._steps, epochs)
        self.model = make_model(params, data.image_shape, data.classes)
        initialise(self.model, seeds.initialisation, params.initialisation, params.sigma)
        self.model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch omits it
        self.optimiser = MomentumSgd(
            self.model.parameters(),
            params.learning_rate,
            params.momentum,
            nesterov=params.nesterov,
            weight_decay=params.decay,
        )
        self.curve: list[Epoch] = []
        self.ensemble = (
            SnapshotEnsemble(data.validation, data.classes, device, keeps_networks=keeps_networks)
            if params.snapshots
            else None
        )
        self._augmentation = (
            Augmentation(data.name, len(data.training), seeds.shuffling, device) if params.augmentation else None
        )
        self._step = make_step(self.model, self.optimiser, data.training, self._augmentation)
        self._captured = captured_training(data, params, device)
        self._shuffling = torch.Generator().manual_seed(seeds.shuffling)
        torch.manual_seed(seeds.dropout)  # torch's dropout takes no generator of its own
        self._begin_epoch()

    @property
    def is_diverged(self) -> bool:
        """Whether the last epoch's losses were not finite."""
        return bool(self.curve) and self.curve[-1].is_diverged

    @property
    def is_stopped_early(self) -> bool:
        """Whether the validation loss has not fallen below its lowest for `patience` epochs."""
        losses = [epoch.validation_loss for epoch in self.curve]
        return 0 < self.params.patience <= len(losses) - 1 - losses.index(min(losses)) if losses else False

    def run_epoch(self, should_stop: Callable[[], bool]) -> Epoch | None:
        """Train and validate for one epoch, or for the rest of a stopped one.

        Returns:
            The epoch, which is also appended to `curve`; None if `should_stop` returned True between two mini-batches.
        """
        begin = time.perf_counter()
        measured = self._compute(should_stop) if self._captured is None else self._replay(self._captured, should_stop)
        self._seconds += time.perf_counter() - begin
        if measured is None:
            return None
        training_loss, validation_loss, validation_error = measured
        is_finite = math.isfinite(training_loss) and math.isfinite(validation_loss)
        epoch = Epoch(
            epoch=len(self.curve) + 1,
            seconds=self._seconds,
            training_loss=training_loss,
            validation_loss=validation_loss,
            validation_error=validation_error if is_finite else self.data.chance_error,
            learning_rate=self.optimiser.learning_rate,
            momentum=self.optimiser.momentum,
        )
        self.curve.append(epoch)
        if self._augmentation is not None:
            self._augmentation.begin_epoch()
        self._begin_epoch()
        return epoch

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state of the training, in tensors, numbers, texts, lists and dicts only."""
        return {
            "version": VERSION,
            "curve": [asdict(epoch) for epoch in self.curve],
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "shuffling": self._shuffling_at_begin,
            "dropout": self._dropout_state(),
            "position": self._position,
            "loss_sum": self._loss_sum.cpu(),
            "seconds": self._seconds,
            "augmentation": self._augmentation.state() if self._augmentation is not None else None,
            "ensemble": self.ensemble.state_dict() if self.ensemble is not None else None,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict`, at the mini-batch after the last one.

        Raises:
            ValueError: the state is of another version of the training.
        """
        if state.get("version", 1) != VERSION:
            raise ValueError(f"a checkpoint of version {state.get('version', 1)} of the training, expected {VERSION}")
        self.curve = [Epoch(**epoch) for epoch in state["curve"]]
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._shuffling.set_state(state["shuffling"])
        self._begin_epoch()
        self._position = state["position"]
        self._loss_sum = state["loss_sum"].to(self.device)
        self._seconds = state["seconds"]
        if self._augmentation is not None:
            self._augmentation.load_state(state["augmentation"])
        if self.ensemble is not None:
            self.ensemble.load_state_dict(state["ensemble"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["dropout"], self.device)
        else:
            torch.set_rng_state(state["dropout"])

    def _begin_epoch(self) -> None:
        self._shuffling_at_begin = self._shuffling.get_state()
        # Drawn on the CPU, so that the order of examples is the same on any device.
        self._order = torch.randperm(len(self.data.training), generator=self._shuffling).to(self.device)
        self._position = 0
        # Summed on the device, because reading each loss would let the GPU wait for the CPU.
        self._loss_sum = torch.zeros((), dtype=torch.float64, device=self.device)
        self._seconds = 0.0

    def _compute(self, should_stop: Callable[[], bool]) -> tuple[float, float, float] | None:
        if not self._train(should_stop):
            return None
        return float(self._loss_sum) / self._steps, *evaluate(self.model, self.data.validation, self.device)

    def _train(self, should_stop: Callable[[], bool]) -> bool:
        self.model.train()
        size = self.params.batch_size
        before = len(self.curve) * self._steps
        while self._position < self._steps:
            if should_stop():
                return False
            self.optimiser.learning_rate = self.schedule.learning_rate(before + self._position)
            self.optimiser.momentum = self.schedule.momentum(before + self._position)
            chosen = self._order[self._position * size : (self._position + 1) * size]
            self._loss_sum += self._step(chosen)
            self._position += 1
            if self.ensemble is not None and self.schedule.ends_cycle(before + self._position):
                self.ensemble.add(self.model)  # leaves the model in evaluation mode
                self.model.train()
        return True

    def _replay(self, captured: CapturedTraining, should_stop: Callable[[], bool]) -> tuple[float, float, float] | None:
        # The same as `_compute`, but for rounding. Until the end nothing is read, so the host runs ahead of the device.
        before = len(self.curve) * self._steps
        rate, momentum = self.schedule.learning_rate, self.schedule.momentum
        scalars = [(rate(update), momentum(update)) for update in range(before, before + self._steps)]
        draws = self._augmentation.draws if self._augmentation is not None else None
        captured.load(self.model, self.optimiser)
        captured.begin(EpochInput(self._order, scalars, self.params.decay, draws), self._position, self._loss_sum)
        while self._position < self._steps and not should_stop():
            self._position += captured.advance(1 if self.ensemble is not None else self._steps - self._position)
            self.optimiser.learning_rate, self.optimiser.momentum = scalars[self._position - 1]
            if self.ensemble is not None and self.schedule.ends_cycle(before + self._position):
                captured.store(self.model, self.optimiser)
                self.ensemble.add(self.model)
        is_whole = self._position == self._steps
        if is_whole:
            captured.validate()
        captured.store(self.model, self.optimiser)
        self._loss_sum = captured.program.sums[0].clone()
        training_loss, validation_loss, errors = captured.program.sums.tolist()
        count = len(self.data.validation)
        return (training_loss / self._steps, validation_loss / count, errors / count) if is_whole else None

    def _dropout_state(self) -> Tensor:
        return torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else torch.get_rng_state()
