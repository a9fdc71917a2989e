"""Stochastic gradient descent with Lasagne's momentum rules, and weight decay."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter


class MomentumSgd:
    """velocity <- momentum * velocity - learning_rate * gradient; parameter <- parameter + velocity.

    This is Lasagne's rule (lasagne.updates.momentum). PyTorch's SGD keeps the learning rate out of the velocity
    (velocity <- momentum * velocity + gradient; parameter <- parameter - learning_rate * velocity). Both rules move
    alike while the learning rate stays the same. When it changes, Lasagne's velocity keeps its speed, while PyTorch's
    rule rescales it by the new learning rate at once. So under a schedule each gradient counts with the learning rate
    of its own update: with momentum m, a change reaches the steps over about 1 / (1 - m) updates.

    With `nesterov` (lasagne.updates.nesterov_momentum) the parameter moves ahead along the new velocity:
    parameter <- parameter + momentum * velocity - learning_rate * gradient.

    Weight decay adds weight_decay * weight to the gradient of every matrix and kernel, as PyTorch's does, but not to
    that of vectors (biases, the scales and shifts of batch norm). It is the gradient of weight_decay / 2 times the sum
    of squared weights, so a cost of loss + lambda * (sum of squared weights) has weight_decay = 2 * lambda.

    Args:
        parameters: the trained parameters; their `grad` must be set when `step` is called.
        learning_rate: may be changed between steps.
        momentum: in [0, 1]; 0 is plain gradient descent. May be changed between steps.
        nesterov: whether to use Nesterov's rule.
        weight_decay: at least 0.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: float,
        momentum: float,
        *,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.parameters: list[Tensor] = list(parameters)
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.velocities = [torch.zeros_like(parameter) for parameter in self.parameters]
        self._nesterov, self._weight_decay = nesterov, weight_decay
        self._is_fused = not nesterov and all(parameter.device.type == "cpu" for parameter in self.parameters)
        self._decayed = [place for place, parameter in enumerate(self.parameters) if parameter.dim() > 1]

    def step(self) -> None:
        """Move the parameters by one update along the gradients of autograd, and drop these."""
        gradients: list[Tensor] = []
        for parameter in self.parameters:
            if parameter.grad is None:
                raise RuntimeError("step() was called before backward()")
            gradients.append(parameter.grad)
            parameter.grad = None
        self.update(gradients)

    @torch.no_grad()
    def update(self, gradients: list[Tensor]) -> None:
        """Move the parameters by one update.

        Args:
            gradients: in the order of the parameters; weight decay is added to them in place.
        """
        if self._weight_decay:
            weights = [self.parameters[place] for place in self._decayed]
            torch._foreach_add_([gradients[place] for place in self._decayed], weights, alpha=self._weight_decay)
        if self._is_fused and self.momentum:
            self._update_in_one_pass(gradients)
            return
        # One _foreach_ call handles all parameters, instead of a call for each.
        torch._foreach_mul_(self.velocities, self.momentum)
        torch._foreach_add_(self.velocities, gradients, alpha=-self.learning_rate)
        if self._nesterov:
            torch._foreach_add_(self.parameters, self.velocities, alpha=self.momentum)
            torch._foreach_add_(self.parameters, gradients, alpha=-self.learning_rate)
        else:
            torch._foreach_add_(self.parameters, self.velocities)

    def _update_in_one_pass(self, gradients: list[Tensor]) -> None:
        """Ask torch's kernel, whose rule has a factor before each term, for the rule above.

        It computes velocity <- momentum * velocity + (1 - dampening) * gradient, then parameter <- parameter - lr *
        velocity. It goes through memory as it lies, so a gradient must lie as its parameter does.
        """
        pairs = zip(self.parameters, gradients, strict=True)
        torch._fused_sgd_(
            self.parameters,
            [one if one.stride() == of.stride() else torch.empty_like(of).copy_(one) for of, one in pairs],
            self.velocities,
            momentum=self.momentum,
            dampening=1.0 + self.learning_rate,
            lr=-1.0,
            weight_decay=0.0,
            nesterov=False,
            maximize=False,
            is_first_step=False,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return {"velocities": self.velocities}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`."""
        for velocity, saved in zip(self.velocities, state["velocities"], strict=True):
            velocity.copy_(saved)
