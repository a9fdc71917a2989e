"""The figure of a final training."""

import pytest

from hyperspool.common.epochs import EpochRecord
from hyperspool.master.analysis.figures.final_curves import curves_figure


def curve_of(*rows: tuple[float, float]) -> list[EpochRecord]:
    return [
        EpochRecord.of(
            epoch=number,
            seconds=1.0,
            training_loss=1.0 / number,
            validation_loss=float("nan"),
            validation_error=float("nan"),
            learning_rate=rate,
            momentum=momentum,
        )
        for number, (rate, momentum) in enumerate(rows, start=1)
    ]


@pytest.mark.parametrize(
    ("rows", "panels"),
    [
        (((0.1, 0.9), (0.1, 0.9)), ["training loss"]),
        (((0.1, 0.9), (0.2, 0.9)), ["training loss", "learning rate"]),
        (((0.1, 0.9), (0.2, 0.8)), ["training loss", "learning rate", "momentum"]),
        (((0.1, 0.9),), ["training loss"]),
    ],
)
def test_what_a_schedule_changes_has_a_panel_of_its_own(
    rows: tuple[tuple[float, float], ...], panels: list[str]
) -> None:
    axes = curves_figure("demo", curve_of(*rows)).draw().axes
    assert [panel.get_ylabel() for panel in axes] == panels
    assert [len(panel.lines[0].get_xdata()) for panel in axes] == [len(rows)] * len(panels)  # type: ignore[arg-type]
