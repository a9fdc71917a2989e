"""What a study measures: its objective, and the data of a training objective."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hyperspool.common.goals import Direction, Measure, value_measure
from hyperspool.common.objectives import MEASURES
from hyperspool.common.records import Record


class Objective(Record):
    """What is measured, by its name, which a worker looks up."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
    direction: Direction = "minimise"
    """Which values are better."""
    measure: Measure | None = None
    """The name of a user's own objective's value, for people. Where the objective reports a metric of this name, that
    metric says which epoch of a curve is best. None: the value is called `value`."""
    threads: Annotated[int, Field(ge=0, le=1024)] = 1
    """CPU threads of a trial; 0: as many as its libraries like. It belongs to the study, because another number changes
    the last bits of the results."""
    fresh_process: bool | None = None
    """Evaluate each trial in a new process, for code that leaks; None: in one process, one after the other."""
    value: Literal["last", "best"] | None = None
    """Which of the measure's numbers is the value of a command's trial; None: the last."""

    @property
    def measure_name(self) -> str:
        """The name of the objective's value, for people: on every axis and in every table."""
        return self.measure or MEASURES.get(self.name, "value")

    @property
    def epoch_metric(self) -> str | None:
        """The metric of an epoch that is the value so far; None if the study does not say."""
        return "validation_error" if self.name in MEASURES else self.measure

    @property
    def value_measure(self) -> str:
        """What objectives, where there are several, and constraints call its value."""
        return value_measure(self.name, self.measure)

    @model_validator(mode="after")
    def _check_measure(self) -> Self:
        if self.measure and self.name in MEASURES:
            known = MEASURES[self.name]
            raise ValueError(f"its measure is {self.measure}, but {self.name} measures its {known}; leave measure out")
        return self


class Data(Record):
    """The data set of a training objective. A search never reads its test part; only a final evaluation does."""

    name: Literal["digits", "mnist", "cifar10"] = "digits"
    train_size: Annotated[int, Field(ge=1)] | None = None
    """Number of training examples to use, from the first; None: 1,000 of digits, 5,000 of the others."""
    final: Literal[True] | None = None
    """Train on the validation part too, and measure on the test part. Only for a study of one trial, never a search."""
