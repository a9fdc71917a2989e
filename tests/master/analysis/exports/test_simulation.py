import numpy as np
import pytest

from hyperspool.master.analysis.exports.simulation import SimulatedStudy
from tests.master.analysis.synthetic import make_study_data

CHOICES = {"x": list(range(1, 13))}


@pytest.mark.parametrize("direction", ["minimise", "maximise"])
def test_quartiles_rise_whichever_direction_is_better(direction: str) -> None:
    found = SimulatedStudy(make_study_data(CHOICES, objective="mine", direction=direction), 200, 0)
    shown = found.to_json()
    for kind in ("exact", "simulated"):
        low, median, high = (np.array(shown[kind][name], dtype=float) for name in ("q25", "median", "q75"))
        assert (low <= median).all()
        assert (median <= high).all()
        assert (low < high).any()
    for prefix in ("", "sim. "):
        assert (found.table[f"{prefix}25 %"] <= found.table[f"{prefix}75 %"]).all()


def test_maximising_mirrors_minimising_the_negatives() -> None:
    data = make_study_data(CHOICES, objective="mine", direction="maximise")
    lowest = SimulatedStudy(make_study_data(CHOICES, objective="mine"), 50, 0).to_json()["exact"]
    found = SimulatedStudy(data, 50, 0).to_json()["exact"]  # its values are 1 minus those of the other study
    np.testing.assert_allclose(found["q25"], 1 - np.array(lowest["q75"]))
    np.testing.assert_allclose(found["mean"], 1 - np.array(lowest["mean"]))
