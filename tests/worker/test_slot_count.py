"""How many slots pay, by windows of ended trials on devices that are made up."""

from collections.abc import Callable

import pytest

from hyperspool.common.gpus import GpuUse
from hyperspool.worker.slot_count import MOST, Choice, Ended, Measuring, Window, choose, most_in_memory
from tests.worker.clock import Clock

GIB = 2**30


def window(slots: int, rate: float, epochs: int = 10) -> Window:
    """A window in which all slots together did `rate` epochs per second."""
    return Window(slots, (Ended(slots * epochs / rate, epochs),) * 6)


@pytest.mark.parametrize(
    ("slots", "windows", "expected"),
    [
        (1, [window(1, 10)], (2, False)),
        (2, [window(1, 10), window(2, 18)], (3, False)),
        (2, [window(1, 10), window(2, 10.4)], (2, False)),
        (2, [window(1, 10), window(2, 10.4), window(2, 10.6)], (2 - 1, True)),
        (2, [window(1, 10), window(2, 10.4), window(2, 19)], (3, False)),
        (4, [window(1, 10), window(2, 18), window(3, 24), window(4, 28)], (4, True)),
        (6, [window(5, 20)], (4, True)),
    ],
)
def test_slots_are_added_while_they_pay(slots: int, windows: list[Window], expected: tuple[int, bool]) -> None:
    choice = choose(slots, windows, most=4)
    assert (choice.slots, choice.is_final) == expected


def test_rate_counts_epochs_because_trials_differ_in_length() -> None:
    long_and_short = Window(2, (Ended(100.0, 100), Ended(10.0, 10), Ended(10.0, 10)))
    assert long_and_short.rate == pytest.approx(2.0)
    assert Window(2, (Ended(4.0, 0), Ended(6.0, 0))).rate == pytest.approx(0.4)


def test_memory_bounds_the_slots() -> None:
    before, with_two = GpuUse(2 * GIB, 80 * GIB, None), GpuUse(12 * GIB, 80 * GIB, None)
    assert most_in_memory(before, with_two, 2) == 14  # (0.9 * 80 - 2) / 5
    assert most_in_memory(before, GpuUse(70 * GIB, 80 * GIB, None), 1) == 1
    assert most_in_memory(None, with_two, 2) == most_in_memory(before, before, 2) == MOST


class MadeUpDevice:
    """A device whose slots end trials in turn; `epoch_s` says how long an epoch takes with a number of slots."""

    def __init__(self, epoch_s: Callable[[int], float], most: Callable[[int], int] = lambda _slots: MOST) -> None:
        self.clock = Clock()
        self.epoch_s, self.measuring = epoch_s, Measuring(most, self.clock)

    def settled(self) -> Choice:
        for number in range(10_000):
            slots = self.measuring.choice.slots
            epochs = 5 + number % 3
            seconds = epochs * self.epoch_s(slots)
            self.clock.now_s += seconds / slots
            self.measuring.ended(number % slots, Ended(seconds, epochs))
            if self.measuring.choice.is_final:
                break
        return self.measuring.choice


def test_device_that_is_filled_by_five_gets_five() -> None:
    assert MadeUpDevice(lambda slots: max(1.0, slots / 5)).settled().slots == 5


def test_device_that_one_trial_fills_keeps_one() -> None:
    choice = MadeUpDevice(float).settled()
    assert choice.slots == 1
    assert "with 2" in choice.reason


def test_slots_that_no_longer_fit_are_given_up() -> None:
    fits = iter([9] * 70 + [3] * 10_000)
    choice = MadeUpDevice(lambda _slots: 1.0, lambda _slots: next(fits)).settled()
    assert (choice.slots, choice.reason) == (3, "more do not fit the device's memory")
