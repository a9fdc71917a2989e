"""Imports torchvision, also where its compiled operators do not match the installed torch."""

import sys
from typing import Any

import torch

_keep_alive: list[Any] = []


def torchvision_datasets() -> Any:
    """Return the module `torchvision.datasets`, imported on first use: it takes a second, and digits does not need it.

    torchvision's wheel contains operators built for CUDA. Beside a CPU build of torch they do not load, and the import
    fails because two of them have no schema ("operator torchvision::nms does not exist"). Data sets use neither, so
    this function declares the two schemas and imports again. It tries the plain import first, because where the
    operators load, a second declaration is an error.
    """
    try:
        import torchvision.datasets
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]  # torch's own
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _keep_alive.append(library)  # its schemas are removed with it
        import torchvision.datasets
    return torchvision.datasets
