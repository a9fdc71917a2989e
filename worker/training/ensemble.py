"""Snapshot ensembles: train one network, get several."""

from typing import Any

import torch
from torch import Tensor, nn

from worker.training.data import Part
from worker.training.validation import probabilities


class SnapshotEnsemble:
    """The networks that one training passes through at the ends of its learning rate's cycles, taken together.

    The ensemble's answer is the class of the highest mean of the members' softmax outputs. Of a member only these
    outputs for the validation part are kept, summed up, because its error needs nothing else: ten numbers per image in
    a checkpoint, however many and however large the members are.

    Source: Huang et al. 2017, arXiv:1704.00109, with all members instead of the last few.

    Args:
        part: what the error is measured on.
        classes: of the data set.
        device: where to compute.
    """

    def __init__(self, part: Part, classes: int, device: torch.device) -> None:
        self._part, self._device = part, device
        self._sum = torch.zeros(len(part), classes, dtype=torch.float64, device=device)
        self.members = 0

    def add(self, model: nn.Module) -> None:
        """Take the network in as it is now. It is in evaluation mode afterwards."""
        self._sum += probabilities(model, self._part, self._device)
        self.members += 1

    @property
    def error(self) -> float | None:
        """Fraction of the part that the members together misclassify; None without members."""
        if not self.members:
            return None
        wrong: Tensor = self._sum.argmax(1) != self._part.labels
        return int(wrong.sum()) / len(self._part)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"sum": self._sum.cpu(), "members": self.members}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`."""
        self._sum.copy_(state["sum"])
        self.members = state["members"]
