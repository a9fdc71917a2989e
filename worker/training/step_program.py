"""A training step and a validation as programs: fixed tensors in, fixed tensors out, and no number from the host.

Such a program can be captured once as a CUDA graph and then replayed without Python. Whatever changes from step to step
lies on the device: the order of the examples, learning rate and momentum by step, and the position, which the step
itself moves on.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from hyperspool.worker.training.augmentation import DRAWS, augment
from hyperspool.worker.training.data import Dataset
from hyperspool.worker.training.model import make_model
from hyperspool.worker.training.params import TrainingParams
from hyperspool.worker.training.validation import EVALUATION_BATCH

TOGETHER = 5
"""Steps of one graph, where nothing is to be done between them: a launch of a graph, and the two small kernels by which
torch gives it the state of the generator, then cost a fifth. Five divides the usual numbers of steps of an epoch."""


class StepProgram:
    """The step and the validation of all networks of one shape. Its tensors belong to whoever runs an epoch now.

    The update is that of `MomentumSgd`, with learning rate, momentum and weight decay on the device. Each product is
    rounded before it is added, where `MomentumSgd` rounds once. So the two agree to rounding, not to the last bit.

    Args:
        data: on `device`.
        params: only what `shape_of` names is read.
        device: where to compute.

    Attributes:
        model: the network, in training mode.
        moving: parameters and velocities.
        buffers: the running statistics of batch norm.
        order: (steps, batch size) int64: the numbers of the examples, step by step.
        scalars: (steps, 2) float32: learning rate and momentum of each step.
        decay: () float32: the weight decay.
        draws: (examples, 3) float32: the random numbers of this epoch's augmentation; None without one.
        position: (1,) int64: the number of the next step.
        sums: (3,) float64: the training losses, the validation losses, and the misclassified validation examples.
    """

    def __init__(self, data: Dataset, params: TrainingParams, device: torch.device) -> None:
        self._training, self._validation = data.training, data.validation
        self.model = make_model(params, data.image_shape, data.classes)
        self.model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch omits it
        self._parameters: list[Tensor] = list(self.model.parameters())
        self._velocities = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._decayed = [place for place, parameter in enumerate(self._parameters) if parameter.dim() > 1]
        self._is_nesterov, self._has_decay = params.nesterov, bool(params.decay)
        self._evaluation_batch = EVALUATION_BATCH[device.type]
        self._change = partial(augment, data.name) if params.augmentation else None
        steps = len(data.training) // params.batch_size
        self.moving, self.buffers = [*self._parameters, *self._velocities], list(self.model.buffers())
        self.order = torch.zeros(steps, params.batch_size, dtype=torch.int64, device=device)
        self.scalars = torch.zeros(steps, 2, device=device)
        self.decay = torch.zeros((), device=device)
        self.draws = torch.zeros(len(data.training), DRAWS, device=device) if params.augmentation else None
        self.position = torch.zeros(1, dtype=torch.int64, device=device)
        self.sums = torch.zeros(3, dtype=torch.float64, device=device)
        self._training_loss, self._validation_loss, self._errors = self.sums.unbind()

    def step(self) -> None:
        """Make one update with the mini-batch at the position, add its loss to the sum, and move the position on."""
        # Not `order[position]`: the host would read an index of one number.
        chosen = self.order.index_select(0, self.position).view(-1)
        rate, momentum = self.scalars.index_select(0, self.position).view(-1).unbind()
        batch = self._training.images[chosen]
        if self._change is not None and self.draws is not None:
            batch = self._change(batch, self.draws[chosen])
        loss = functional.cross_entropy(self.model(batch), self._training.labels[chosen])
        gradients = torch.autograd.grad(loss, self._parameters)
        with torch.no_grad():
            self._update(gradients, rate, momentum)
            self._training_loss.add_(loss)
            self.position.add_(1)

    def steps(self) -> None:
        """Make `TOGETHER` updates."""
        for _ in range(TOGETHER):
            self.step()

    @torch.no_grad()
    def validate(self) -> None:
        """Add the loss and the errors over the validation part to the sums, without dropout."""
        self.model.eval()
        for begin in range(0, len(self._validation), self._evaluation_batch):
            end = begin + self._evaluation_batch
            labels = self._validation.labels[begin:end]
            logits = self.model(self._validation.images[begin:end])
            self._validation_loss.add_(functional.cross_entropy(logits, labels, reduction="sum"))
            self._errors.add_((logits.argmax(1) != labels).sum())
        self.model.train()

    def _update(self, gradients: Sequence[Tensor], rate: Tensor, momentum: Tensor) -> None:
        slopes = list(gradients)
        if self._has_decay:
            decays = _scaled([self._parameters[place] for place in self._decayed], self.decay)
            torch._foreach_add_(decays, [slopes[place] for place in self._decayed])
            for place, slope in zip(self._decayed, decays, strict=True):
                slopes[place] = slope
        moves = _scaled(slopes, rate)
        torch._foreach_mul_(self._velocities, momentum)
        torch._foreach_sub_(self._velocities, moves)
        if self._is_nesterov:
            torch._foreach_add_(self._parameters, _scaled(self._velocities, momentum))
            torch._foreach_sub_(self._parameters, moves)
        else:
            torch._foreach_add_(self._parameters, self._velocities)


def _scaled(tensors: Sequence[Tensor], factor: Tensor) -> list[Tensor]:
    return list(torch._foreach_mul(list(tensors), factor))  # noqa: SLF001 - public in all but its name, as those with _


NOT_BUILT_IN = frozenset(
    {
        *("learning_rate", "momentum", "schedule", "decay_factor", "decay_every", "restart_period"),
        *("restart_multiplier", "eta_min", "eta_max", "eta_log", "step_size", "cycles", "momentum_min"),
        *("l2", "weight_decay", "initialisation", "sigma", "snapshots", "patience"),
    }
)
"""The hyperparameters that may differ between trials of one program: they set the numbers in its tensors, or what is
done between its runs."""


def shape_of(data: Dataset, params: TrainingParams) -> tuple[object, ...]:
    """What a program has built in, as a key: the data, the network with its dropout, and the rule of the update."""
    built_in = tuple((name, value) for name, value in vars(params).items() if name not in NOT_BUILT_IN)
    return id(data.training.images), id(data.validation.images), type(params), built_in, bool(params.decay)
