"""Importing torchvision where its compiled operators do not match the installed torch."""

import sys
from typing import Any

import torch

_keep_alive: list[Any] = []


def torchvision_datasets() -> Any:
    """The module `torchvision.datasets`, imported on first use: it takes a second, and only its own data sets need it.

    torchvision's wheel carries operators built for CUDA. Beside a CPU build of torch they do not load, and the import
    then fails on the missing schemas of two of them ("operator torchvision::nms does not exist"). Data sets use
    neither: declaring the schemas lets the import through. It is done only after the plain import has failed, because
    where the operators do load a second declaration would be an error.
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
        _keep_alive.append(library)  # its schemas go with it
        import torchvision.datasets
    return torchvision.datasets
