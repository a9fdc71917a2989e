import math
from itertools import pairwise

import pytest

from hyperspool.worker.objectives.printed import MAX_LINE_BYTES, QUIET_S, Epochs, Lines, value_of

PATTERN = r"(?P<name>\w+)[=:] *(?P<value>[-+0-9.eE]+)"


def epochs_of(*lines: str, pattern: str | None = PATTERN) -> list[tuple[int | None, dict[str, float]]]:
    epochs = Epochs(pattern)
    ended = [epochs.feed(line, now_s=0.0) for line in lines]
    return [(epoch.number, epoch.metrics) for epoch in (*ended, epochs.end()) if epoch]


def test_lines_of_json_are_epochs() -> None:
    lines = ['{"epoch": 1, "loss": 0.5, "note": "x", "ok": true}', '{"epoch": 2, "loss": NaN, "big": 1}']
    (first, metrics), (second, more) = epochs_of(*lines, pattern=None)
    assert (first, metrics, second, more["big"]) == (1, {"loss": 0.5}, 2, 1.0)
    assert math.isnan(more["loss"])


def test_pattern_finds_metrics_in_any_line() -> None:
    lines = ["setting up", "epoch: 1", "loss: 0.5", "val_acc=0.9, and so on", "epoch: 2 loss=0.25", "acc: .8"]
    assert epochs_of(*lines) == [(1, {"loss": 0.5, "val_acc": 0.9}), (2, {"loss": 0.25, "acc": 0.8})]


def test_names_become_names_of_metrics() -> None:
    assert epochs_of('{"val/acc": 0.5, "3d": 1, "seconds": 2}', pattern=None) == [(None, {"val_acc": 0.5})]


def test_metric_that_comes_again_begins_an_epoch() -> None:
    lines = ["loss=0.5 acc=0.1", "loss=0.4", "acc=0.2", "loss=0.3"]
    assert epochs_of(*lines) == [
        (None, {"loss": 0.5, "acc": 0.1}),
        (None, {"loss": 0.4, "acc": 0.2}),
        (None, {"loss": 0.3}),
    ]


def test_later_lines_complete_an_epoch_of_a_number() -> None:
    lines = ["lr=0.1", "epoch: 0 loss=0.5", "epoch: 0 loss=0.4 acc=0.2", "epoch: 1 loss=0.3"]
    assert epochs_of(*lines) == [(0, {"lr": 0.1, "loss": 0.4, "acc": 0.2}), (1, {"loss": 0.3})]


def test_a_numbered_epoch_is_quiet_before_the_next_begins() -> None:
    epochs = Epochs(PATTERN)
    epochs.feed("loss=0.5", now_s=0.0)
    assert epochs.quiet(QUIET_S) is None  # its number may come yet
    epochs.feed("epoch: 3", now_s=1.0)
    assert epochs.quiet(1.0 + QUIET_S / 2) is None
    epoch = epochs.quiet(1.0 + QUIET_S)
    assert epoch
    assert (epoch.number, epoch.metrics) == (3, {"loss": 0.5})
    epochs.feed("acc=0.25", now_s=5.0)
    assert epochs.quiet(5.0) is None
    assert epochs.quiet(5.0 + QUIET_S) is epochs.end() is epoch


@pytest.mark.parametrize(
    "line", ['{"loss": 0.5', "{" * 5000, "[1, 2]", '{"loss": "low"}', "loss=-", '{"loss": 1e999999}x']
)
def test_lines_without_metrics_are_passed_over(line: str) -> None:
    assert epochs_of(line) == []


def test_huge_whole_numbers_are_no_metrics() -> None:
    assert epochs_of('{"loss": 1' + "0" * 4000 + "}") == []


def test_lines_are_put_together_from_pieces() -> None:
    lines = Lines()
    assert [*lines.feed(b"ab"), *lines.feed(b"c\nd\ne"), *lines.feed(b"\n")] == ["abc", "d", "e"]
    assert list(lines.feed(b"\xff\xfe\n")) == ["\ufffd\ufffd"]


def test_too_long_line_is_left_out_wherever_it_is_cut() -> None:
    stream = b"before\n" + b"x" * (3 * MAX_LINE_BYTES) + b"\nafter\n"
    for size in (1000, MAX_LINE_BYTES, len(stream)):
        lines, cuts = Lines(), [*range(0, len(stream), size), len(stream)]
        assert [line for a, b in pairwise(cuts) for line in lines.feed(stream[a:b])] == ["before", "after"]
        assert len(lines._begun) == 0


def test_value_is_the_last_or_the_best() -> None:
    history = [0.5, math.nan, 0.2, 0.4]
    assert value_of(history, is_best=False, is_maximised=False) == 0.4
    assert value_of(history, is_best=True, is_maximised=False) == 0.2
    assert value_of(history, is_best=True, is_maximised=True) == 0.5
    assert math.isnan(value_of([math.nan], is_best=True, is_maximised=True))
