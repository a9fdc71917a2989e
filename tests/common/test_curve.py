import math
from pathlib import Path

import pytest

from hyperspool.common.curve import read_curve, to_text
from hyperspool.common.epochs import EpochRecord, metric_names
from hyperspool.common.errors import ProtocolError

HEADER = "epoch,seconds,training_loss,validation_loss,validation_error,learning_rate,momentum"


def epoch(number: int, loss: float = 0.1) -> EpochRecord:
    return EpochRecord.of(
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
    assert first.metrics["training_loss"] == math.inf
    assert math.isnan(second.metrics["training_loss"])


def test_a_network_curve_has_the_same_bytes_as_ever() -> None:
    assert to_text([epoch(1, math.nan)]) == f"{HEADER}\n1,0.25,nan,nan,0.3333333333333333,0.05,0.9\n"


def test_metrics_may_have_any_name_and_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    records = [
        EpochRecord.of(epoch=1, seconds=1, accuracy=0.5),
        EpochRecord.of(epoch=5, seconds=1),
        EpochRecord.of(epoch=6, seconds=1, f1=math.nan, accuracy=-math.inf),
    ]
    path.write_text(to_text(records))
    assert path.read_text() == "epoch,seconds,accuracy,f1\n1,1.0,0.5,\n5,1.0,,\n6,1.0,-inf,nan\n"
    found = read_curve(path)
    assert [list(record.metrics) for record in found] == [["accuracy"], [], ["accuracy", "f1"]]
    assert math.isnan(found[2].metrics["f1"])
    assert metric_names(found) == ("accuracy", "f1")


def test_an_earlier_curve_with_nan_for_unreported_numbers_is_read(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    text = f"{HEADER}\n5,0.25,nan,{0.1 / 3!r},nan,nan,nan\n10,0.25,nan,{0.1 / 3!r},nan,nan,nan\n"
    path.write_text(text)
    found = read_curve(path)
    assert to_text(found) == text
    assert [(record.epoch, record.metrics["validation_loss"]) for record in found] == [(5, 0.1 / 3), (10, 0.1 / 3)]
    assert all(
        math.isnan(record.metrics["validation_error"]) and math.isnan(record.metrics["learning_rate"])
        for record in found
    )


def test_a_curve_without_a_momentum_column_is_read(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    path.write_text("epoch,seconds,training_loss,validation_loss,validation_error,learning_rate\n1,0.5,1,2,0.25,0.1\n")
    [record] = read_curve(path)
    assert (record.metrics["validation_error"], record.metrics["learning_rate"]) == (0.25, 0.1)
    assert "momentum" not in record.metrics
    assert math.isnan(record.metric("momentum"))


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
        ("", "is empty; expected a curve"),
        ("epoch,loss\n", "first line is 'epoch,loss', expected epoch,seconds and names of metrics"),
        ("epoch,seconds,f1,loss,f1\n", "found the metric f1 twice"),
        ("epoch,seconds,f 1\n", "found a metric 'f 1', expected a name like val_accuracy"),
        ("epoch,seconds,setting\n", "found a metric setting, but no metric may be called"),
        ("epoch,seconds,\n", "found a metric ''"),
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
