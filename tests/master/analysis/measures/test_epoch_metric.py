from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hyperspool.common.errors import UsageError
from hyperspool.master.analysis.answers.budgets import best_within
from hyperspool.master.analysis.measures.epoch_metric import EpochMetric, epoch_metric, find_epoch_metric
from hyperspool.master.analysis.measures.setting_curves import setting_curves
from tests.master.analysis.synthetic import reporting


@pytest.mark.parametrize(
    ("names", "asked", "found"),
    [
        (("f1", "auc"), {"measure": "auc", "direction": "maximise"}, EpochMetric("auc", is_highest=True)),
        (("f1", "auc"), {"measure": "auc"}, EpochMetric("auc")),
        (("validation_error", "auc"), {"measure": "auc"}, EpochMetric("auc")),
        (("validation_error", "auc"), {"measure": "mae", "direction": "maximise"}, EpochMetric("validation_error")),
        (("f1", "learning_rate", "momentum"), {"direction": "maximise"}, EpochMetric("f1", is_highest=True)),
        (("validation_loss",), {"direction": "maximise"}, EpochMetric("validation_loss")),
        (("f1", "auc"), {}, None),
        (("f1", "auc"), {"measure": "mae"}, None),
        (("learning_rate",), {}, None),
    ],
)
def test_the_measure_ranks_before_validation_error_and_the_only_metric(
    names: tuple[str, ...], asked: dict[str, Any], found: EpochMetric | None
) -> None:
    data = reporting(*names, **asked)
    assert find_epoch_metric(data) == found
    if found is None:
        with pytest.raises(
            UsageError, match=f"reported are: {', '.join(names)}. Choose one with --metric NAME, and set"
        ):
            epoch_metric(data)
    else:
        assert epoch_metric(data) == found


def test_a_metric_without_any_number_does_not_count() -> None:
    data = reporting("f1", "auc")
    assert find_epoch_metric(replace(data, curves=data.curves.assign(auc=np.nan))) == EpochMetric("f1")


def test_any_reported_metric_may_be_asked_for() -> None:
    data = reporting("f1", "auc", direction="maximise")
    assert epoch_metric(data, "f1") == EpochMetric("f1", is_highest=True)
    with pytest.raises(UsageError, match="--metric mae: no trial of synthetic has reported it; reported are: f1, auc"):
        epoch_metric(data, "mae")


def test_the_highest_finite_number_is_the_best_when_maximising() -> None:
    data = reporting("f1", direction="maximise")
    data.curves["f1"] = [0.1, np.nan, 0.3, 0.3, 0.5, 0.4, np.inf, 0.2]
    best = best_within(data, epoch_metric(data), 2, epochs=4)
    assert best[["trial", "value", "epoch"]].to_numpy().tolist() == [[1, 0.5, 1], [0, 0.3, 3]]
    assert epoch_metric(data).best == "highest f1"


def test_a_sparse_metric_has_the_epochs_that_report_it() -> None:
    data = reporting("f1")
    data.curves.loc[data.curves["epoch"] % 2 == 1, "f1"] = np.nan
    assert [curve.epoch.tolist() for curve in setting_curves(data, "f1")] == [[2, 4], [2, 4]]
    assert setting_curves(data, "auc") == []
