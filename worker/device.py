"""The device that a worker computes on. It is chosen before CUDA starts in the child process."""

import re
from dataclasses import dataclass

from hyperspool.common.errors import UsageError

_CUDA = re.compile(r"cuda(?::([0-9]{1,4}))?")


@dataclass(frozen=True)
class Device:
    """The chosen device.

    Attributes:
        name: `cpu` or `cuda:N`, as the user counts.
        visible: the child's CUDA_VISIBLE_DEVICES; inside the child the GPU is then always `cuda:0`.
        note: a note about the choice for the user, or an empty text.
    """

    name: str
    visible: str
    note: str = ""

    @property
    def is_gpu(self) -> bool:
        """Whether it is a GPU."""
        return bool(self.visible)

    @property
    def in_child(self) -> str:
        """The device's name inside the child process."""
        return "cuda:0" if self.is_gpu else "cpu"


def choose_device(wish: str) -> Device:
    """Return the device for `auto` (the first GPU, else the CPU), `cpu` or `cuda:N`.

    Raises:
        UsageError: `wish` is something else, or there is no such GPU.
    """
    if wish == "cpu":
        return Device("cpu", "")
    from hyperspool.common.gpus import visible_gpus  # loads the driver's library

    gpus = visible_gpus()
    if wish == "auto":
        return Device("cuda:0", gpus[0]) if gpus else Device("cpu", "", "no GPU found; using the CPU")
    match = _CUDA.fullmatch(wish)
    if match is None:
        raise UsageError(f"--device {wish}: expected auto, cpu or cuda:N")
    index = int(match[1] or 0)
    if index >= len(gpus):
        present = f"cuda:0 to cuda:{len(gpus) - 1}" if len(gpus) > 1 else "only cuda:0" if gpus else "no GPU"
        raise UsageError(f"--device {wish}: this machine shows {present}; choose one of those, auto or cpu")
    return Device(f"cuda:{index}", gpus[index])
