"""Snapshot ensembles: several networks from one training."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hyperspool.worker.training.data import Part
from hyperspool.worker.training.validation import probabilities

MAX_KEPT = 20
"""How many networks' weights are kept, the last ones. Each makes every checkpoint larger by a network."""
Weights = dict[str, Tensor]


class SnapshotEnsemble:
    """The networks at the ends of the learning rate's cycles in one training, used together.

    The ensemble answers with the class of the highest mean of its members' softmax outputs. Only the sum of the
    members' outputs for the validation part is kept, because the ensemble's error needs nothing else. So a checkpoint
    holds ten numbers per image, however many and however large the members are. A final evaluation must not read the
    test part before training is over, so it keeps the weights of the last `MAX_KEPT` members.

    Source: Huang et al. 2017, arXiv:1704.00109, with all members instead of the last few.

    Args:
        part: the examples to measure the error on.
        classes: number of classes.
        device: where to compute.
        keeps_networks: whether to keep the members' weights.

    Attributes:
        members: number of members.
        networks: the weights that are kept, on the CPU, in the order of the cycles.
    """

    def __init__(self, part: Part, classes: int, device: torch.device, *, keeps_networks: bool = False) -> None:
        self._part, self._device, self._keeps_networks = part, device, keeps_networks
        self.networks: list[Weights] = []
        self._sum = torch.zeros(len(part), classes, dtype=torch.float64, device=device)
        self.members = 0

    def add(self, model: nn.Module) -> None:
        """Add the network, as it is now, to the members. The network is in evaluation mode afterwards."""
        self._sum += probabilities(model, self._part, self._device)
        self.members += 1
        if self._keeps_networks:
            weights = {name: weight.cpu().contiguous().clone() for name, weight in model.state_dict().items()}
            self.networks = [*self.networks, weights][-MAX_KEPT:]

    @property
    def error(self) -> float | None:
        """Fraction of the part that the members together misclassify; None without members."""
        if not self.members:
            return None
        wrong: Tensor = self._sum.argmax(1) != self._part.labels
        return int(wrong.sum()) / len(self._part)

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return {"sum": self._sum.cpu(), "members": self.members, "networks": self.networks}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`."""
        self._sum.copy_(state["sum"])
        self.members = state["members"]
        self.networks = state["networks"]


def evaluate_together(
    model: nn.Module, networks: Sequence[Weights], part: Part, device: torch.device
) -> tuple[float, float]:
    """Return mean cross-entropy and fraction misclassified of an ensemble, by its members' mean softmax outputs.

    Args:
        model: on `device`; afterwards it has the last network's weights and is in evaluation mode.
        networks: weights of the members, at least one.
        part: on `device`.
        device: where to compute.
    """
    total = torch.zeros((), dtype=torch.float64, device=device)
    for weights in networks:
        model.load_state_dict(weights)
        total = total + probabilities(model, part, device)
    mean = total / len(networks)
    wrong: Tensor = mean.argmax(1) != part.labels
    log = mean.clamp_min(torch.finfo(mean.dtype).tiny).log()  # because an output may have been rounded to 0
    return float(functional.nll_loss(log, part.labels)), int(wrong.sum()) / len(part)
