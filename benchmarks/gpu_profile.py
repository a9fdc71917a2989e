"""Where a captured training step's time goes on the device, and what a checkpoint costs, for `benchmarks.gpu`."""

import io
from collections.abc import Callable, Iterator

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.harness import Row, not_measured, seconds_of
from hyperspool.worker.training.trainer import Trainer

SHOWN = 8
"""Kernels that are named, those that take longest."""


def profiled(trainer: Trainer, steps: int, device: torch.device) -> Iterator[Row]:
    """Count and time what an epoch launches, and time the bytes of its checkpoint.

    Args:
        trainer: has trained an epoch.
        steps: of an epoch.
        device: of the trainer.
    """
    yield Row("the bytes of a checkpoint", [seconds_of(lambda: saved(trainer))() for _ in range(3)], "s")
    activity, time_of = ProfilerActivity.CPU, "self_cpu_time_total"
    if device.type == "cuda":
        activity, time_of = ProfilerActivity.CUDA, "self_device_time_total"
    try:
        events = _events(lambda: trainer.run_epoch(lambda: False), activity, time_of)
    except RuntimeError as error:  # without the driver's permission to look
        yield not_measured("kernels of a step", str(error))
        return
    total_us = sum(time_us for _, _, time_us in events)
    shares = [f"{time_us / total_us:.0%} {name[:40]} ({count})" for name, count, time_us in events[:SHOWN]]
    launches = sum(count for _, count, _ in events) / steps
    yield Row("kernels for each step, with the validation's", [launches], "", note="; ".join(shares))
    yield Row("the device's time for each step", [total_us / steps], "us")


def saved(trainer: Trainer) -> bytes:
    """Return the bytes of a checkpoint."""
    buffer = io.BytesIO()
    torch.save(trainer.state_dict(), buffer)
    return buffer.getvalue()


def _events(work: Callable[[], object], activity: ProfilerActivity, time_of: str) -> list[tuple[str, int, float]]:
    """What ran on the device: name, how often, and microseconds in all; the longest first."""
    with profile(activities=[activity]) as found:
        work()
    named = [(each.key, each.count, float(getattr(each, time_of))) for each in found.key_averages()]
    if not (events := sorted((each for each in named if each[2] > 0), key=lambda each: -each[2])):
        raise RuntimeError("the profiler saw nothing")
    return events
