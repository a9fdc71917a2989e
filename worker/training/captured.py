"""Training whose steps are captured once and then replayed: on a GPU a step costs the launches of its kernels.

A graph belongs to a shape, not to a trial. It computes on tensors of its own; a trial's state is copied into them when
an epoch begins, and out of them when it ends or is interrupted. So trials of one shape share a graph, in any order.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, nn

from hyperspool.worker.training.data import Dataset
from hyperspool.worker.training.momentum import MomentumSgd
from hyperspool.worker.training.params import TrainingParams
from hyperspool.worker.training.step_program import TOGETHER, StepProgram, shape_of

logger = logging.getLogger(__name__)

KEPT = 16
"""Shapes whose programs are kept. A program takes about as much memory as its network, four times; the graphs' own
memory is shared."""
WARM_UPS = 2
"""Runs before a capture, in which libraries choose their kernels and allocate what they keep; neither may happen in a
capture. Source: docs.pytorch.org/docs/stable/notes/cuda.html, whole-network capture, which makes three."""

Action = Callable[[], None]
Capture = Callable[[Action, torch.device], Action]
"""Takes an action that reads no number on the host, and returns what repeats it. The action has been run before."""


class CudaGraphs:
    """Captures actions as CUDA graphs.

    The graphs that live at one time have one pool of memory: they run one after another, and what one leaves in the
    pool is never read again.
    """

    def __init__(self) -> None:
        self._graphs: WeakSet[torch.cuda.CUDAGraph] = WeakSet()
        self._pool: Any = None

    def __call__(self, action: Action, device: torch.device) -> Action:
        """Capture an action. Each replay moves the device's default generator on as the action itself would."""
        if not self._graphs:  # torch gives a pool up with its last graph, and takes no other into it
            self._pool = torch.cuda.graph_pool_handle()
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(torch.cuda.default_generators[device.index or 0])
        stream = torch.cuda.current_stream(device)
        try:
            with torch.cuda.graph(graph, pool=self._pool):
                action()
        finally:
            torch.cuda.set_stream(stream)  # a capture that fails leaves its own
        self._graphs.add(graph)
        return graph.replay


def directly(action: Action, _device: torch.device) -> Action:
    """Repeat an action by running it, which launches its kernels one by one."""
    return action


CAPTURES: dict[str, Capture] = {"cuda": CudaGraphs()}
"""How steps are captured, by type of device. On other types of device (a CPU) the trainer takes its steps itself."""


@dataclass(frozen=True)
class CapturedTraining:
    """The steps and the validation of one shape, ready to be repeated.

    Attributes:
        program: the tensors that they work on.
        step: makes the next update.
        steps: makes the next `TOGETHER` updates.
        validate: measures on the validation part.
    """

    program: StepProgram
    step: Action
    steps: Action
    validate: Action

    def advance(self, most: int) -> int:
        """Make the next update, or several together; return how many.

        Args:
            most: at most so many; at least 1.
        """
        if most < TOGETHER:
            self.step()
            return 1
        self.steps()
        return TOGETHER

    def load(self, model: nn.Module, optimiser: MomentumSgd) -> None:
        """Copy a trial's network and velocities in."""
        _copy(self.program.moving, [*model.parameters(), *optimiser.velocities])
        _copy(self.program.buffers, list(model.buffers()))

    def begin(self, epoch: "EpochInput", position: int, loss_sum: Tensor) -> None:
        """Fill in what an epoch needs, or the rest of one.

        Args:
            epoch: what does not change during it.
            position: the number of the next step.
            loss_sum: of the steps before that.
        """
        program = self.program
        program.order.copy_(epoch.order[: program.order.numel()].view_as(program.order))
        program.scalars.copy_(torch.tensor(epoch.scalars))
        program.decay.fill_(epoch.weight_decay)
        if program.draws is not None and epoch.draws is not None:
            program.draws.copy_(epoch.draws)
        program.position.fill_(position)
        program.sums.zero_()
        program.sums[0].copy_(loss_sum)

    def store(self, model: nn.Module, optimiser: MomentumSgd) -> None:
        """Copy the network and the velocities out to the trial's own."""
        _copy([*model.parameters(), *optimiser.velocities], self.program.moving)
        _copy(list(model.buffers()), self.program.buffers)


@dataclass(frozen=True)
class EpochInput:
    """What does not change during an epoch.

    Attributes:
        order: the numbers of the training examples, in the order of this epoch.
        scalars: learning rate and momentum of each step.
        weight_decay: as `MomentumSgd` takes it.
        draws: of the augmentation; None without one.
    """

    order: Tensor
    scalars: Sequence[tuple[float, float]]
    weight_decay: float
    draws: Tensor | None


_kept: OrderedDict[tuple[object, ...], CapturedTraining] = OrderedDict()


def captured_training(data: Dataset, params: TrainingParams, device: torch.device) -> CapturedTraining | None:
    """Return what repeats the steps of such a training; None where the trainer takes its steps itself.

    What cannot be captured on this device is repeated by running it. The state of the random generators does not
    change.

    Raises:
        OutOfMemoryError: of the device; call `give_up_captures`.
    """
    if (capture := CAPTURES.get(device.type)) is None:
        return None
    shape = (*shape_of(data, params), str(device), capture)
    if shape not in _kept:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            _kept[shape] = _captured(StepProgram(data, params, device), device, capture)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(shape)
    return _kept[shape]


def give_up_captures() -> None:
    """Let go of all that was kept: its memory may be what a trial lacks. What a trainer still has goes with it."""
    _kept.clear()


def _captured(program: StepProgram, device: torch.device, capture: Capture) -> CapturedTraining:
    try:
        _warm_up(program, device)
        program.position.zero_()
        step = capture(program.step, device)
        program.position.zero_()
        steps = capture(program.steps, device) if len(program.order) >= TOGETHER else program.steps
        return CapturedTraining(program, step, steps, capture(program.validate, device))
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        logger.warning("steps cannot be captured here, and are launched one by one: %s", error)
        return CapturedTraining(program, program.step, program.steps, program.validate)


def _warm_up(program: StepProgram, device: torch.device) -> None:
    # In another stream than the default one, as the capture: autograd remembers in which stream an operation ran.
    stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]  # as is torch
    if stream is not None:
        stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream) if stream is not None else nullcontext():
        for _ in range(WARM_UPS):
            program.position.zero_()
            program.step()
            program.validate()
    if stream is not None:
        torch.cuda.current_stream(device).wait_stream(stream)


@torch.no_grad()
def _copy(to: Sequence[Tensor], source: Sequence[Tensor]) -> None:
    if to:
        torch._foreach_copy_(list(to), list(source))
