from typing import Literal

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from hyperspool.master.analysis.figures.grids import cells_of, figures, grid_figure
from hyperspool.master.analysis.measures.settings import searched_parameters
from tests.master.analysis.synthetic import make_study_data

GRID = {"learning_rate": [0.01, 0.1, 1.0], "momentum": [0.0, 0.9]}


def test_a_cell_is_the_median_of_its_trials() -> None:
    data = make_study_data(GRID, replicates=3)
    cells = cells_of(data, *searched_parameters(data.spec))
    assert (cells.columns.name, cells.rows.name) == ("learning_rate", "momentum")
    medians = data.trials.pivot_table(
        index="params_momentum", columns="params_learning_rate", values="value", aggfunc="median"
    )
    assert cells.median == pytest.approx(medians.to_numpy())


def test_a_cell_of_diverged_trials_is_marked_instead_of_valued() -> None:
    data = make_study_data(GRID, diverges=lambda params: params["learning_rate"] == 1.0)
    cells = cells_of(data, *searched_parameters(data.spec))
    assert cells.is_diverged.tolist() == [[False, False, True]] * 2
    assert np.isnan(cells.median[:, 2]).all()
    written = [text.get_text() for text in grid_figure(data, cells).axes[0].texts]
    assert written.count("div.") == 2
    assert len(written) == 6


def test_a_cells_median_counts_diverged_trials_as_guessing() -> None:
    data = make_study_data(GRID, replicates=3)
    data.trials.loc[0, ["value", "diverged"]] = [0.9, True]
    cells = cells_of(data, *searched_parameters(data.spec))
    assert cells.median[0, 0] == data.trials["value"][:3].median()
    assert not cells.is_diverged.any()


@pytest.mark.parametrize("direction", ["minimise", "maximise"])
def test_the_best_cell_is_framed_and_darkest(direction: Literal["minimise", "maximise"]) -> None:
    data = make_study_data(GRID, objective="mine", direction=direction)
    cells = cells_of(data, *searched_parameters(data.spec))
    plot = grid_figure(data, cells).axes[0]
    (frame,) = (patch for patch in plot.patches if isinstance(patch, Rectangle) and not patch.get_fill())
    row, column = int(frame.get_y()), int(frame.get_x())
    best = cells.median.min() if direction == "minimise" else cells.median.max()
    assert cells.median[row, column] == best
    colours = plot.collections[0].to_rgba(cells.median.ravel())[:, :3].sum(axis=1)
    assert int(colours.argmin()) == row * 3 + column


def test_a_star_marks_the_best_settings_cell_beside_the_frame() -> None:
    data = make_study_data(GRID | {"batch_size": [20, 100]}, objective="mine")
    # The first cell has the best median, but the best setting is in the last.
    data.trials["value"] = [0.2, 0.2, *[0.5] * 9, 0.1]
    named = figures(data)[0]
    assert "a star marks another, in which the best setting lies." in named.caption
    (star,) = (line for line in named.draw().axes[0].lines if line.get_marker() == "*")
    assert np.floor(np.asarray(star.get_xydata())).tolist() == [[2, 1]]


def test_heat_maps_of_a_study_share_their_scale() -> None:
    drawn = [figure.draw() for figure in figures(make_study_data(GRID | {"batch_size": [20, 100]}))]
    scales = {(mesh.norm.vmin, mesh.norm.vmax) for mesh in (one.axes[0].collections[0] for one in drawn)}
    assert len(drawn) == 3
    assert len(scales) == 1


def test_each_pair_of_parameters_has_a_figure() -> None:
    names = [figure.name for figure in figures(make_study_data(GRID | {"batch_size": [20, 100]}))]
    assert names == ["grid-learning-rate-momentum", "grid-learning-rate-batch-size", "grid-momentum-batch-size"]


def test_values_are_written_into_few_cells_only() -> None:
    data = make_study_data(
        {"learning_rate": [0.01 * place for place in range(1, 11)], "num_filters": list(range(1, 8))}
    )
    assert not list(grid_figure(data, cells_of(data, *searched_parameters(data.spec))).axes[0].texts)


def test_a_search_with_mostly_empty_cells_has_no_heat_map() -> None:
    values = [0.01 * place for place in range(1, 21)]
    assert figures(make_study_data({"learning_rate": values, "momentum": values}, trials=30)) == []


def test_every_column_of_names_is_named() -> None:
    names = ["constant", "triangular", "cyclical_momentum", "cosine_restarts"]
    data = make_study_data({"rule": names, "momentum": [0.0, 0.9]}, objective="mine")
    plot = grid_figure(data, cells_of(data, *searched_parameters(data.spec))).axes[0]
    assert [label.get_text() for label in plot.get_xticklabels()] == names
