"""What an expert believes of a parameter: values near a center are likelier to be good.

Sources: Mallik et al. 2023, PriorBand: Practical Hyperparameter Optimization in the Age of Deep Learning, NeurIPS,
arXiv:2306.12370: a normal distribution around the center, cut at the range's ends.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

CONFIDENCES = {"low": 0.5, "medium": 0.25, "high": 0.125}
"""The standard deviation for each confidence, as a share of the range on the parameter's own scale."""


class Prior(BaseModel):
    """The center, and how sure the expert is."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    center: float
    """The likeliest value."""
    confidence: Literal["low", "medium", "high"] = "medium"
