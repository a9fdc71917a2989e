"""A capture on a CPU that is as blind as a CUDA graph: it repeats operations on the tensors that it saw.

Each operation gets the same tensors and the same numbers every time. So a number that the host worked out keeps the
value that it had at the capture, and a tensor that takes the place of another one is not seen.
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from hyperspool.worker.training.captured import Action


class HostReadError(Exception):
    """The host reads a number in a capture. No `RuntimeError` as on a device, so the trainer does not survive it."""


def record(action: Action, _device: torch.device) -> Action:
    """Capture an action on a CPU. Reading a number on the host fails, as it does in a CUDA graph."""
    recording = _Recording()
    with recording:
        action()
    return recording.replay


class _Recording(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's class is not annotated
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # as above
        self._calls: list[tuple[Any, tuple[Any, ...], dict[str, Any], list[Tensor]]] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:
            raise HostReadError
        result = func(*args, **(kwargs or {}))
        self._calls.append((func, args, kwargs or {}, _tensors(result)))
        return result

    @torch.no_grad()
    def replay(self) -> None:
        for func, args, kwargs, results in self._calls:
            for result, again in zip(results, _tensors(func(*args, **kwargs)), strict=True):
                if result.untyped_storage().data_ptr() != again.untyped_storage().data_ptr():
                    result.copy_(again)


def _tensors(value: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor)]
