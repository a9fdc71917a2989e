from types import SimpleNamespace

import pynvml
import pytest

from hyperspool.common.errors import UsageError
from hyperspool.common.gpus import GpuUse, gpu_use, visible_gpus


class FakeDriver:
    """Replaces NVIDIA's driver library and reports a number of GPUs, so that the test needs none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int | None) -> None:
        def init() -> None:
            if count is None:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

        monkeypatch.setattr(pynvml, "nvmlInit", init)
        monkeypatch.setattr(pynvml, "nvmlShutdown", lambda: None)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: count)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda index: index)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetUUID", lambda index: f"GPU-8932f937-{index}")


@pytest.mark.parametrize(
    ("count", "chosen", "visible"),
    [
        (None, None, ()),
        (None, "0", ()),
        (0, None, ()),
        (2, None, ("0", "1")),
        (2, "1", ("1",)),
        (4, "3,1", ("3", "1")),
        (2, "", ()),
        (2, "-1", ()),
        (2, "0,5,1", ("0",)),
        (2, " 0 , 1 ", ("0", "1")),
        (2, "GPU-8932f937,1", ("GPU-8932f937", "1")),
        (1, "MIG-1", ("MIG-1",)),
        (2, "none", ()),
        (2, "NoDevFiles", ()),
    ],
)
def test_visible_gpus_are_those_that_cuda_would_number(
    monkeypatch: pytest.MonkeyPatch, count: int | None, chosen: str | None, visible: tuple[str, ...]
) -> None:
    FakeDriver(monkeypatch, count)
    if chosen is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert visible_gpus() == visible


@pytest.mark.parametrize("chosen", ["2", "0 1", "mig-8f2c", "gpu0", ",0", "GPU-77"])
def test_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, chosen: str) -> None:
    FakeDriver(monkeypatch, 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    with pytest.raises(UsageError, match=rf"CUDA_VISIBLE_DEVICES is '{chosen}', .* \(GPUs: 0, 1\)"):
        visible_gpus()


def test_use_of_a_gpu_is_what_the_driver_says(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeDriver(monkeypatch, 1)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetMemoryInfo", lambda _: SimpleNamespace(used=10, total=80))
    monkeypatch.setattr(pynvml, "nvmlDeviceGetUtilizationRates", lambda _: SimpleNamespace(gpu=97))
    assert gpu_use("0") == GpuUse(10, 80, 0.97)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetUtilizationRates", refuse)
    assert gpu_use("0") == GpuUse(10, 80, None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetMemoryInfo", refuse)
    assert gpu_use("0") is None


def test_without_a_driver_the_use_of_a_gpu_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeDriver(monkeypatch, None)
    assert gpu_use("0") is None


def refuse(_handle: object) -> None:
    raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
