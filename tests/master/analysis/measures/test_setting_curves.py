import numpy as np
import pytest

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.setting_curves import measured, setting_curves
from tests.master.analysis.synthetic import CHANCE, make_study_data

SPACE = {"learning_rate": [0.01, 0.1, 1.0]}


def test_a_settings_curve_has_median_lowest_and_highest_replicate() -> None:
    data = make_study_data(SPACE, replicates=3, epochs=4)
    curve = setting_curves(data, "validation_loss")[1]
    rows = data.curves[data.curves["setting"] == 1].pivot_table(
        index="epoch", columns="trial", values="validation_loss"
    )
    assert curve.setting == 1
    assert curve.epoch.tolist() == [1, 2, 3, 4]
    assert curve.median == pytest.approx(rows.median(axis=1).to_numpy())
    assert curve.low == pytest.approx(rows.min(axis=1).to_numpy())
    assert curve.high == pytest.approx(rows.max(axis=1).to_numpy())
    assert (np.diff(curve.elapsed_s) > 0).all()


def test_the_epoch_of_divergence_is_in_no_curve() -> None:
    data = make_study_data(SPACE, epochs=8, diverges=lambda params: params["learning_rate"] == 1.0)
    for quantity in ("training_loss", "validation_loss", "validation_error"):
        curves = setting_curves(data, quantity)
        assert [len(curve.epoch) for curve in curves] == [8, 8, 3]
        assert [curve.is_diverged for curve in curves] == [False, False, True]
        assert max(float(curve.high.max()) for curve in curves) < (CHANCE if quantity == "validation_error" else 3)


def test_a_setting_that_diverged_at_once_has_no_curve() -> None:
    data = make_study_data(SPACE, epochs=1, diverges=lambda params: params["learning_rate"] == 1.0)
    assert [curve.setting for curve in setting_curves(data, "validation_error")] == [0, 1]


def test_a_curve_ends_when_most_of_its_replicates_have() -> None:
    whole = make_study_data(SPACE, replicates=3, epochs=4)
    is_short = whole.curves["trial"].isin([0, 1]) & (whole.curves["epoch"] > 2)
    data = StudyData(whole.spec, whole.trials, whole.curves[~is_short])
    assert [len(curve.epoch) for curve in setting_curves(data, "validation_loss")] == [2, 4, 4]


def test_an_objective_without_losses_has_a_curve_of_errors() -> None:
    whole = make_study_data(SPACE, objective="mine", epochs=4)
    curves = whole.curves.assign(training_loss=np.nan, validation_loss=np.nan)
    data = StudyData(whole.spec, whole.trials, curves)
    assert len(measured(data, "validation_error")) == 12
    assert setting_curves(data, "training_loss") == []
