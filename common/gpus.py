"""Finds the NVIDIA GPUs that a process may use, without loading torch or touching CUDA."""

import os

import pynvml


def visible_gpus() -> tuple[str, ...]:
    """The GPUs that CUDA would number 0, 1, ..., each as an index or UUID that CUDA_VISIBLE_DEVICES accepts.

    Reads CUDA_VISIBLE_DEVICES as CUDA does: an entry that does not name a GPU ends the list.
    """
    # Asked of the driver: torch would need seconds to load, and CUDA takes GPU memory in every process that uses it.
    count = _installed_gpus()
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None or count == 0:
        return tuple(str(index) for index in range(count))
    found: list[str] = []
    for entry in (part.strip() for part in chosen.split(",")):
        is_index = entry.isdecimal()
        if not entry or (is_index and int(entry) >= count) or not (is_index or entry.startswith(("GPU-", "MIG-"))):
            break
        found.append(entry)
    return tuple(found)


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
