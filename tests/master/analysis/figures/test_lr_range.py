import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hyperspool.master.analysis.answers.catalogue import answers
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.catalogue import ORDER, RANGE
from hyperspool.master.analysis.figures.lr_range import figures
from hyperspool.master.analysis.measures.lr_range import is_range_test
from tests.master.analysis.synthetic import make_study_data

RISING: dict[str, Any] = {"schedule": "range_test", "eta_min": 0.001, "eta_max": 1.0, "momentum": 0.9}
EPOCHS = 10


def range_test_with(errors: list[float], **space: Any) -> StudyData:
    """A range test whose rate doubles from epoch to epoch."""
    data = make_study_data(RISING | space, epochs=EPOCHS)
    changed = data.curves.assign(learning_rate=0.001 * 2.0 ** np.arange(1, EPOCHS + 1), validation_error=errors)
    return StudyData(data.spec, data.trials, changed)


FALLS = [0.9, 0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.1, 0.8, 0.9]


@pytest.mark.parametrize("is_log", [False, True])
def test_the_proposed_range_is_shown_and_its_legend_covers_nothing(is_log: bool) -> None:
    (figure,) = figures(range_test_with(FALLS, eta_log=is_log))
    assert figure.caption.endswith("Grey: the range from 0.008 to 0.256.")
    drawn = figure.draw()
    drawn.draw_without_rendering()
    (legend,) = drawn.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["accuracy", "training loss", "validation loss", "eta_min 0.008 to eta_max 0.256"]
    for plot in drawn.axes:
        assert plot.get_xscale() == ("log" if is_log else "linear")
        assert plot.get_legend() is None
        assert not plot.get_window_extent().overlaps(legend.get_window_extent())
        (range_shown,) = plot.patches
        box = range_shown.get_path().get_extents(range_shown.get_patch_transform())
        assert (box.x0, box.x1) == pytest.approx((0.008, 0.256))


def test_where_nothing_is_proposed_the_figure_says_so() -> None:
    (figure,) = figures(range_test_with([0.9] * EPOCHS))
    assert figure.caption.endswith("No range is proposed.")
    assert all(not plot.patches for plot in figure.draw().axes)


@pytest.mark.parametrize(
    ("errors", "sentence"),
    [
        (
            FALLS,
            r"From 0\.008 \(eta_min\), .* to 0\.256 \(eta_max\), the last rate before accuracy fell or became ragged\.",
        ),
        (
            [0.9 - 0.08 * n for n in range(EPOCHS)],
            r".* to 1\.02 \(eta_max\), the last rate of the test\. .* find more room\.",
        ),
        ([0.9] * EPOCHS, r"No range is proposed: accuracy never rose .*\."),
    ],
)
def test_the_report_answers_which_range(errors: list[float], sentence: str) -> None:
    first = answers(range_test_with(errors))[0]
    assert first.question == "Between which learning rates should a cycle move?"
    assert re.fullmatch(sentence, first.sentences[0])


def test_a_range_test_is_one_training() -> None:
    assert is_range_test(range_test_with(FALLS).spec)
    assert RANGE in ORDER
    for other in (
        make_study_data(RISING, replicates=2),
        make_study_data(RISING | {"schedule": ["range_test", "constant"]}),
        make_study_data({"momentum": 0.9}),
        make_study_data({"schedule": "one_cycle"}),
    ):
        assert figures(other) == []
    empty = range_test_with(FALLS)
    assert figures(StudyData(empty.spec, empty.trials.head(0), pd.DataFrame(columns=empty.curves.columns))) == []
