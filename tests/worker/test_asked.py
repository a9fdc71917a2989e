import math

import pytest

from hyperspool.common.epochs import EpochRecord
from hyperspool.worker.objectives.asked import with_asked
from hyperspool.worker.objectives.measured import Measured
from tests.conftest import spec_of

SPEC = spec_of(objectives=[{"measure": "error"}, {"measure": "size"}], constraints=["power <= 7"])
CURVE = [
    EpochRecord.of(epoch=1, seconds=1, size=4.0, power=5.0, loss=1.0),
    EpochRecord.of(epoch=2, seconds=1, size=math.nan, power=6.0, loss=0.5),
]


def test_last_finite_number_of_the_curve_is_added() -> None:
    found = with_asked(SPEC, Measured(0.5, metrics={"other": 1.0}), CURVE)
    assert (found.value, found.metrics) == (0.5, {"size": 4.0, "power": 6.0, "other": 1.0})


def test_metric_that_was_returned_comes_before_the_curve() -> None:
    assert with_asked(SPEC, Measured(0.5, metrics={"size": 9.0}), CURVE).metrics["size"] == 9.0


def test_study_with_one_objective_changes_nothing() -> None:
    measured = Measured(0.5)
    assert with_asked(spec_of(), measured, CURVE) is measured


def test_measure_that_never_came_is_refused_with_what_did() -> None:
    with pytest.raises(ValueError, match="ask for size, power, but the trial reported error, flops"):
        with_asked(SPEC, Measured(0.5, metrics={"flops": 1.0}), ())
    with pytest.raises(ValueError, match=r"ask for power, .* reported error, size, and after its epochs size"):
        with_asked(SPEC, Measured(0.5), [EpochRecord.of(epoch=1, seconds=1, size=4.0)])
