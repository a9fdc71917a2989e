import numpy as np
import pandas as pd

from hyperspool.master.analysis.figures.stochasticity import figures, spread_by_epoch, stochasticity_figure
from tests.master.analysis.synthetic import make_study_data

SOURCES = {"varies": ["none", "initialisation", "all"], "learning_rate": 0.05}


def test_a_study_of_sources_with_replicates_has_the_figure() -> None:
    (figure,) = figures(make_study_data(SOURCES, replicates=3))
    assert figure.name == "stochasticity"
    assert "Standard deviation of the final value: none 0.0" in figure.caption


def test_other_studies_do_not_have_it() -> None:
    assert figures(make_study_data(SOURCES)) == []
    assert figures(make_study_data(SOURCES | {"learning_rate": [0.01, 0.1]}, replicates=3)) == []
    assert figures(make_study_data({"learning_rate": [0.01, 0.1]}, replicates=3)) == []


def test_each_source_has_its_replicates_and_its_curves() -> None:
    strip, ranges = stochasticity_figure(make_study_data(SOURCES, replicates=3)).axes
    places = np.asarray(strip.collections[0].get_offsets())[:, 0].round().astype(int)
    assert np.bincount(places).tolist() == [3, 3, 3]
    assert [text.get_text() for text in strip.get_xticklabels()] == ["none", "initialisation", "all"]
    assert len(ranges.lines) == 3


def test_without_curves_the_values_stand_alone() -> None:
    assert len(stochasticity_figure(make_study_data(SOURCES, replicates=3, has_curves=False)).axes) == 1


def test_the_spread_covers_epochs_that_all_trials_reached() -> None:
    curves = pd.DataFrame(
        {"trial": [0, 0, 1, 1, 1], "epoch": [1, 2, 1, 2, 3], "validation_error": [0.5, 0.25, 0.75, 0.25, 0.1]}
    )
    assert spread_by_epoch(curves).to_dict() == {1: 0.25, 2: 0.0}
