"""Which NVIDIA GPUs a process may use, found out without loading torch or touching CUDA."""

import os

import pynvml


def visible_gpus() -> tuple[str, ...]:
    """The GPUs that CUDA would number 0, 1, ...: each by its index or UUID, fit for CUDA_VISIBLE_DEVICES.

    CUDA_VISIBLE_DEVICES is honoured as CUDA does: what follows an entry that names no GPU does not count.
    """
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
