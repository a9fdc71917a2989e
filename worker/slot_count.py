"""How many trials run at once on one device: one more while that pays, measured over windows of ended trials."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hyperspool.common.gpus import GpuUse

GROWTH = 0.05
"""A further slot must let at least this much more be done per second, as a share; less is within what trials differ."""
TRIALS_PER_SLOT = 6
"""Ended trials of a window, for each of its slots."""
MOST = 48
"""Slots of one device. CUDA's Multi-Process Service serves 48 clients per GPU."""
MEMORY_SHARE = 0.9
"""Of a device's memory that slots may fill. A trial of a larger network needs more than those measured."""


@dataclass(frozen=True)
class Ended:
    """A trial that has ended.

    Attributes:
        seconds: from its start to its end.
        epochs: that it went through; 0 if its objective reports none.
    """

    seconds: float
    epochs: int


@dataclass(frozen=True)
class Window:
    """The trials that began and ended while a number of slots ran.

    Attributes:
        slots: the number.
        ended: the trials.
    """

    slots: int
    ended: tuple[Ended, ...]

    @property
    def rate(self) -> float:
        """Epochs per second of all slots together, while they have work; trials per second, if these have no epochs.

        Trials differ in length, most of all by their epochs, and a window holds few. So epochs are counted.
        """
        seconds = sum(each.seconds for each in self.ended)
        done = sum(max(each.epochs, 1) for each in self.ended)
        return self.slots * done / seconds if seconds else 0.0


@dataclass(frozen=True)
class Choice:
    """The number of slots to run now.

    Attributes:
        slots: the number.
        is_final: whether nothing more needs to be measured.
        reason: for people.
    """

    slots: int
    is_final: bool
    reason: str


def choose(slots: int, windows: Sequence[Window], most: int) -> Choice:
    """Choose the number of slots by the windows so far.

    A number that does not pay is measured once more before it is given up.

    Args:
        slots: that run now.
        windows: those that were measured; at least one with this number of slots, if it fits.
        most: slots that fit the device.
    """
    if slots > most:
        return Choice(most, is_final=True, reason="more do not fit the device's memory")
    rate, before = _rate(windows, slots), _rate(windows, slots - 1)
    shown = f"{rate:.3g} per second with {slots}" + (f", {before:.3g} with {slots - 1}" if before else "")
    if not before or rate > before * (1 + GROWTH):
        return Choice(min(slots + 1, most), is_final=slots == most, reason=shown)
    if sum(window.slots == slots for window in windows) == 1:
        return Choice(slots, is_final=False, reason=f"{shown}; measured once more")
    return Choice(slots - 1, is_final=True, reason=shown)


def _rate(windows: Sequence[Window], slots: int) -> float:
    return Window(slots, tuple(each for window in windows if window.slots == slots for each in window.ended)).rate


def most_in_memory(before: GpuUse | None, now: GpuUse | None, slots: int) -> int:
    """Return how many slots fit a GPU's memory by what those that run have taken; `MOST` if the driver does not say.

    Args:
        before: the GPU's use without any slot.
        now: the GPU's use with the slots.
        slots: that run now.
    """
    if before is None or now is None or now.used_bytes <= before.used_bytes:
        return MOST
    each = (now.used_bytes - before.used_bytes) / slots
    return max(1, min(MOST, int((MEMORY_SHARE * now.memory_bytes - before.used_bytes) / each)))


class Measuring:
    """Finds the number of slots from the trials that end.

    A window begins when each slot has ended a trial, as a slot's first one pays for loading, and holds the trials that
    began after that.

    Args:
        most: says how many slots fit the device, while so many run.
        clock: seconds that only go forward.

    Attributes:
        choice: the latest choice.
    """

    def __init__(self, most: Callable[[int], int], clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._windows: list[Window] = []
        self._fit = MOST
        self.choice = Choice(1, is_final=False, reason="nothing measured yet")
        self._begin()

    def ended(self, slot: int, trial: Ended) -> Choice | None:
        """Take in that a slot has ended a trial; return a new choice, if there is one.

        Args:
            slot: which of the slots that run now, from 0.
            trial: how long it took.
        """
        slots = self.choice.slots
        self._fit = min(self._fit, self._most(slots))
        if slots <= self._fit and (self.choice.is_final or not self._is_window_full(slot, trial)):
            return None
        if slots <= self._fit:
            self._windows.append(Window(slots, tuple(self._ended)))
        self.choice = choose(slots, self._windows, self._fit)
        self._begin()
        return self.choice

    def _begin(self) -> None:
        self._ended: list[Ended] = []
        self._warm: set[int] = set()
        self._since_s: float | None = None

    def _is_window_full(self, slot: int, trial: Ended) -> bool:
        now_s, slots = self._clock(), self.choice.slots
        if self._since_s is None:
            self._warm.add(slot)
            self._since_s = now_s if len(self._warm) == slots else None
        elif now_s - trial.seconds >= self._since_s:
            self._ended.append(trial)
        return len(self._ended) >= TRIALS_PER_SLOT * slots
