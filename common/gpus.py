"""Finds the NVIDIA GPUs that a process may use, without loading torch or touching CUDA."""

import os
from contextlib import suppress
from dataclasses import dataclass

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


@dataclass(frozen=True)
class GpuUse:
    """How much of a GPU is in use now, by all processes of its host.

    Attributes:
        used_bytes: its memory in use.
        memory_bytes: all of its memory.
        busy: the share of the last moments in which it computed, from 0 to 1; None if the driver does not say.
    """

    used_bytes: int
    memory_bytes: int
    busy: float | None


def gpu_use(gpu: str) -> GpuUse | None:
    """Ask the driver how much of a GPU of this host is in use; None if it does not say.

    Args:
        gpu: its index or whole UUID, as in a worker's heartbeat.
    """
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(int(gpu)) if gpu.isdecimal() else _by_uuid(gpu)
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        busy = None
        with suppress(pynvml.NVMLError):  # a part of a GPU has memory of its own, but no such share
            busy = pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
        return GpuUse(int(memory.used), int(memory.total), busy)
    except pynvml.NVMLError:
        return None
    finally:
        pynvml.nvmlShutdown()


def _by_uuid(uuid: str) -> object:
    return pynvml.nvmlDeviceGetHandleByUUID(uuid)


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
