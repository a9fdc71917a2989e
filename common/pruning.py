"""Pruning in a study: a running trial that does badly is ended before it has used its budget.

Sources: Golovin et al. 2017, Google Vizier: A Service for Black-Box Optimization, KDD, sec. 3.2.1 (median stopping);
Prechelt 1998, Early Stopping - But When? (patience).
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hyperspool.common.records import MAX_EPOCHS, Record

STARTUP = 5

Epochs = Annotated[int, Field(ge=1, le=MAX_EPOCHS)]


class Pruning(Record):
    """Which running trials are ended early. Their results are PRUNED, with what they measured last."""

    name: Literal["median", "patient"] = "median"
    """`median` compares a trial with the others at the same epoch; `patient` looks at the trial alone."""
    warmup_epochs: Epochs = 1
    """The epochs that every trial gets."""
    startup: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """The number of COMPLETE trials before `median` ends one."""
    patience: Epochs | None = None
    """After how many epochs without a better one `patient` ends a trial."""

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.name == "median":
            if self.patience is not None:
                raise ValueError("patience: only the pruning patient has it")
            # Fills in what the study leaves out. The record is frozen, but nobody has seen it yet.
            object.__setattr__(self, "startup", self.startup or STARTUP)
        elif self.patience is None:
            raise ValueError("patience: missing; after how many epochs without a better one is a trial ended?")
        elif self.startup is not None:
            raise ValueError("startup: only the pruning median has it")
        return self

    def problem(self, epochs: int | None, metric: str | None) -> str | None:
        """Why a study cannot have this pruning; None if it can.

        Args:
            epochs: the study's budget; None if it has none.
            metric: the metric of an epoch that says how good it is; None if nobody knows.
        """
        if epochs is None:
            return "budget.epochs: missing; pruning ends a trial before it has had all of its epochs"
        if metric is None:
            return "objective.measure: missing; pruning looks at the metric of that name, which each epoch reports"
        if self.warmup_epochs >= epochs:
            return f"pruning.warmup_epochs: found {self.warmup_epochs}, expected fewer than the {epochs} of a trial"
        return None
