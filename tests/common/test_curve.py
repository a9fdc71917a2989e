import math
from pathlib import Path

import pytest

from hyperspool.common.curve import EARLIER_HEADER, HEADER, read_curve, to_text
from hyperspool.common.errors import ProtocolError
from hyperspool.common.records import EpochRecord


def epoch(number: int, loss: float = 0.1) -> EpochRecord:
    return EpochRecord(
        epoch=number,
        seconds=0.25,
        training_loss=loss,
        validation_loss=loss / 3,
        validation_error=1 / 3,
        learning_rate=0.05,
        momentum=0.9,
    )


def test_a_curve_survives_writing_and_reading_to_the_last_bit(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    records = [epoch(1, 0.1 + 0.2), epoch(2, 1e-300)]
    path.write_text(to_text(records))
    assert read_curve(path) == records
    assert path.read_text().splitlines()[0] == HEADER


def test_a_diverged_epoch_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    path.write_text(to_text([epoch(1, math.inf), epoch(2, math.nan)]))
    first, second = read_curve(path)
    assert first.training_loss == math.inf
    assert math.isnan(second.training_loss)


def test_a_curve_may_skip_epochs_and_hold_only_losses(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    nothing = {"training_loss": math.nan, "validation_error": math.nan, "learning_rate": math.nan}
    path.write_text(to_text([epoch(number).model_copy(update=nothing) for number in (5, 10)]))
    found = read_curve(path)
    assert [(record.epoch, record.validation_loss) for record in found] == [(5, 0.1 / 3), (10, 0.1 / 3)]
    assert all(math.isnan(record.validation_error) and math.isnan(record.learning_rate) for record in found)


def test_a_curve_without_a_momentum_column_is_read(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    path.write_text("epoch,seconds,training_loss,validation_loss,validation_error,learning_rate\n1,0.5,1,2,0.25,0.1\n")
    assert path.read_text().startswith(EARLIER_HEADER + "\n")
    [record] = read_curve(path)
    assert (record.validation_error, record.learning_rate) == (0.25, 0.1)
    assert math.isnan(record.momentum)


def test_only_a_running_curve_may_end_in_mid_line(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    text = to_text([epoch(1), epoch(2)])
    for length in range(len(text)):
        path.write_text(text[:length])
        whole_lines = text[:length].count("\n")
        assert len(read_curve(path, is_running=True)) == max(whole_lines - 1, 0)
        if text[:length] and not text[:length].endswith("\n"):
            with pytest.raises(ProtocolError, match="torn"):
                read_curve(path)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "first line is not"),
        ("epoch,loss\n", "first line is not"),
        (f"{HEADER}\n1,2\n", "found 2 columns, expected 7"),
        (f"{HEADER}\n1,0.1,x,1,1,1,1\n", "is not an epoch"),
        (f"{HEADER}\n1,-5,1,1,1,1,1\n", "is not an epoch"),
        (f"{HEADER}\n0,0.1,1,1,1,1,1\n", "is not an epoch"),
        (f"{HEADER}\n2,0.1,1,1,1,1,1\n2,0.1,1,1,1,1,1\n", "line 3: found epoch 2 after epoch 2"),
    ],
)
def test_a_damaged_curve_is_refused_with_the_line(tmp_path: Path, lines: str, message: str) -> None:
    path = tmp_path / "curve.csv"
    path.write_text(lines)
    with pytest.raises(ProtocolError, match=message):
        read_curve(path)
