"""Finds the NVIDIA GPUs that a process may use, without loading torch or touching CUDA."""

import os

import pynvml

from hyperspool.common.errors import UsageError

NO_GPU = frozenset({"", "-1", "none", "void", "nodevfiles"})
"""Values of CUDA_VISIBLE_DEVICES, in lower case, with which people and containers choose the CPU."""


def visible_gpus() -> tuple[str, ...]:
    """The GPUs that CUDA would number 0, 1, ..., each as an index or UUID that CUDA_VISIBLE_DEVICES accepts.

    Reads CUDA_VISIBLE_DEVICES as CUDA does: an entry that does not name a GPU ends the list.

    Raises:
        UsageError: this machine has GPUs, but the first entry names none of them. CUDA would compute on the CPU.
    """
    # Asked of the driver: torch would need seconds to load, and CUDA takes GPU memory in every process that uses it.
    count = _installed_gpus()
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None or count == 0:
        return tuple(str(index) for index in range(count))
    found: list[str] = []
    for entry in (part.strip() for part in chosen.split(",")):
        if not (int(entry) < count if entry.isdecimal() else _is_installed(entry, count)):
            break
        found.append(entry)
    if not found and chosen.strip().lower() not in NO_GPU:
        present = ", ".join(map(str, range(count)))
        raise UsageError(
            f"CUDA_VISIBLE_DEVICES is {chosen!r}, which names no GPU of this machine (GPUs: {present}); set it to "
            "their numbers with commas between them, or to -1 for the CPU"
        )
    return tuple(found)


def _is_installed(identifier: str, count: int) -> bool:
    """Whether an identifier, or the beginning of one, is that of a GPU; those of a GPU's parts are not known here."""
    if not identifier.startswith("GPU-"):
        return identifier.startswith("MIG-")
    try:
        pynvml.nvmlInit()
        known = [pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByIndex(index)) for index in range(count)]
        pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return True
    return any(uuid.startswith(identifier) for uuid in known)


def _installed_gpus() -> int:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return 0
    try:
        return int(pynvml.nvmlDeviceGetCount())
    except pynvml.NVMLError:
        return 0
    finally:
        pynvml.nvmlShutdown()
