"""Sets torch up: device, threads, and the settings that make two runs the same to the last bit."""

import ctypes
import os
from contextlib import suppress

import torch

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Source: glibc's malloc.h; man 3 mallopt."""
KEPT_BYTES = 2**30
"""Free memory at the end of the heap up to which none is returned."""


def configure(device: str, threads: int) -> torch.device:
    """Set torch up for repeatable training on one device. Call it once, before anything else touches the device.

    Args:
        device: `cpu` or `cuda:N`.
        threads: CPU threads per operation; 0: torch's default. Another number adds in another order, so the last bits
            differ.

    Raises:
        ValueError: there is no such device.
    """
    _keep_memory()
    if threads:
        torch.set_num_threads(threads)
    # Velocities of units that no longer fire decay into denormal numbers. With these a CPU is a hundred times slower.
    torch.set_flush_denormal(True)
    chosen = torch.device(device)
    if chosen.type == "cuda":
        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (chosen.index or 0) >= found:
            raise ValueError(f"there is no {device}: torch {torch.__version__} sees {found} GPUs here")
        # cuBLAS gives the same bits only with a workspace of a fixed size. It reads this when it starts.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.benchmark = False
        torch.use_deterministic_algorithms(mode=True, warn_only=True)
        # It would launch a kernel for each new tensor, to fill it. No tensor is read here before it is written.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # a property of the module
        torch.cuda.set_device(chosen)
    return chosen


def _keep_memory() -> None:
    """Let the process keep memory that is free, where glibc gives it out.

    By default glibc returns large buffers to the kernel, so each mini-batch gets its maps in pages that the kernel must
    clear again: a third of the time with 32 filters and mini-batches of 100.
    """
    with suppress(OSError, AttributeError, TypeError):  # another C library, or another system
        tune = ctypes.CDLL(None).mallopt
        tune(M_MMAP_MAX, 0)
        tune(M_TRIM_THRESHOLD, KEPT_BYTES)


def device_name(device: torch.device) -> str:
    """Return `cpu`, or the model of the GPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
