"""Stochastic gradient descent with Lasagne's momentum rule."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter


class MomentumSgd:
    """velocity <- momentum * velocity - learning_rate * gradient; parameter <- parameter + velocity.

    This is Lasagne's rule (lasagne.updates.momentum). PyTorch's SGD keeps the velocity free of the learning rate
    (velocity <- momentum * velocity + gradient; parameter <- parameter - learning_rate * velocity). The two move
    alike while the learning rate stays the same. When it changes, Lasagne's velocity carries on at the speed that it
    had, while PyTorch's is rescaled by the new learning rate at once.

    Args:
        parameters: what is trained; their `grad` must be set when `step` is called.
        learning_rate: may be changed between steps.
        momentum: in [0, 1]; 0 is plain gradient descent. May be changed between steps.
    """

    def __init__(self, parameters: Iterable[Parameter], learning_rate: float, momentum: float) -> None:
        self.parameters: list[Tensor] = list(parameters)
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.velocities = [torch.zeros_like(parameter) for parameter in self.parameters]

    @torch.no_grad()
    def step(self) -> None:
        """Move the parameters by one update and drop their gradients."""
        gradients: list[Tensor] = []
        for parameter in self.parameters:
            if parameter.grad is None:
                raise RuntimeError("step() was called before backward()")
            gradients.append(parameter.grad)
            parameter.grad = None
        torch._foreach_mul_(self.velocities, self.momentum)
        torch._foreach_add_(self.velocities, gradients, alpha=-self.learning_rate)
        torch._foreach_add_(self.parameters, self.velocities)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"velocities": self.velocities}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`."""
        for velocity, saved in zip(self.velocities, state["velocities"], strict=True):
            velocity.copy_(saved)
