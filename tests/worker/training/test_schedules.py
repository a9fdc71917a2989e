"""Compares every schedule with its formula at chosen updates, and with PyTorch's schedulers at all updates."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from hyperspool.worker.training.params import SCHEDULES, MlpParams
from hyperspool.worker.training.schedules import Restarts, Schedule, make_schedule

UPDATES_PER_EPOCH = 10
EPOCHS = 30
TOTAL = UPDATES_PER_EPOCH * EPOCHS


def schedule(name: str, updates_per_epoch: int = UPDATES_PER_EPOCH, epochs: int = EPOCHS, **changes: Any) -> Schedule:
    given = {"hidden_units": 5, "learning_rate": 0.4, "momentum": 0.9, "batch_size": 10} | changes
    return make_schedule(MlpParams(schedule=name, **given), updates_per_epoch, epochs)


RANGE: dict[str, Any] = {"eta_min": 0.1, "eta_max": 0.5}

POINTS: dict[str, tuple[dict[str, Any], dict[int, float]]] = {
    "constant": ({}, {0: 0.4, 7: 0.4, 299: 0.4}),
    # halved every 20 updates
    "step": ({"decay_factor": 0.5, "decay_every": 2}, {0: 0.4, 19: 0.4, 20: 0.2, 39: 0.2, 40: 0.1, 299: 0.4 / 2**14}),
    # a quarter every 20 updates, and so a half every 10
    "exponential": ({"decay_factor": 0.25, "decay_every": 2}, {0: 0.4, 10: 0.2, 20: 0.1, 30: 0.05, 5: 0.4 / 2**0.5}),
    # halfway: the mean; a third of the way: cos(pi / 3) = 1/2
    "cosine": (RANGE, {0: 0.5, 100: 0.4, 150: 0.3, 200: 0.2, 300: 0.1, 999: 0.1}),
    # cycles of 30, 60, 120 updates
    "cosine_restarts": (
        RANGE | {"restart_period": 3, "restart_multiplier": 2},
        {0: 0.5, 10: 0.4, 15: 0.3, 20: 0.2, 30: 0.5, 50: 0.4, 60: 0.3, 70: 0.2, 90: 0.5, 130: 0.4, 210: 0.5},
    ),
    # n_s = 25: up to update 25, down to 50, up to 75 ...
    "triangular": (
        RANGE | {"step_size": 25},
        {0: 0.1, 5: 0.18, 25: 0.5, 30: 0.42, 50: 0.1, 75: 0.5, 100: 0.1, 275: 0.5, 300: 0.1, 325: 0.5},
    ),
    # a cycle of 270 updates, then down to a hundredth of 0.1
    "one_cycle": (RANGE, {0: 0.1, 135: 0.5, 27: 0.18, 243: 0.18, 270: 0.1, 285: 0.0505, 300: 0.001, 400: 0.001}),
    "cyclical_momentum": ({"step_size": 25}, {0: 0.4, 25: 0.4, 150: 0.4}),
    # 299 equal steps
    "range_test": ({"eta_min": 0.1, "eta_max": 0.399}, {0: 0.1, 1: 0.101, 100: 0.2, 299: 0.399, 400: 0.399}),
}
MOMENTA: dict[str, tuple[dict[str, Any], dict[int, float]]] = {
    name: ({}, {0: 0.9, 100: 0.9, 299: 0.9}) for name in SCHEDULES
} | {
    "one_cycle": ({"momentum_min": 0.5}, {0: 0.9, 27: 0.82, 135: 0.5, 243: 0.82, 270: 0.9, 299: 0.9}),
    "cyclical_momentum": (
        {"momentum_min": 0.5, "step_size": 25},
        {0: 0.9, 5: 0.82, 25: 0.5, 30: 0.58, 50: 0.9, 75: 0.5, 300: 0.9},
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_learning_rate_and_momentum_follow_their_formulas(name: str) -> None:
    changes, rates = POINTS[name]
    made = schedule(name, **changes)
    assert {update: made.learning_rate(update) for update in rates} == pytest.approx(rates, rel=1e-12)
    changes, momenta = MOMENTA[name]
    made = schedule(name, **changes)
    assert {update: made.momentum(update) for update in momenta} == pytest.approx(momenta, rel=1e-12)


Optimiser = torch.optim.Optimizer
PYTORCH: dict[str, tuple[dict[str, Any], Callable[[Optimiser], LRScheduler]]] = {
    "step": (POINTS["step"][0], lambda sgd: lr_scheduler.StepLR(sgd, step_size=20, gamma=0.5)),
    "exponential": (POINTS["exponential"][0], lambda sgd: lr_scheduler.ExponentialLR(sgd, gamma=0.25 ** (1 / 20))),
    "cosine": ({"eta_min": 0.1}, lambda sgd: lr_scheduler.CosineAnnealingLR(sgd, T_max=TOTAL, eta_min=0.1)),
    "cosine_restarts": (
        {"eta_min": 0.1, "restart_period": 3, "restart_multiplier": 2},
        lambda sgd: lr_scheduler.CosineAnnealingWarmRestarts(sgd, T_0=30, T_mult=2, eta_min=0.1),
    ),
    "triangular": (
        RANGE | {"step_size": 25},
        lambda sgd: lr_scheduler.CyclicLR(sgd, 0.1, 0.5, step_size_up=25, cycle_momentum=False),
    ),
    "cyclical_momentum": (
        {"momentum_min": 0.5, "step_size": 25},
        lambda sgd: lr_scheduler.CyclicLR(sgd, 0.4, 0.4, step_size_up=25, base_momentum=0.5, max_momentum=0.9),
    ),
}


def pytorchs(make: Callable[[Optimiser], LRScheduler], updates: int) -> list[tuple[float, float]]:
    sgd = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4, momentum=0.9)
    scheduler = make(sgd)
    rates = []
    for _ in range(updates):
        rates.append((float(sgd.param_groups[0]["lr"]), float(sgd.param_groups[0]["momentum"])))
        sgd.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize("name", PYTORCH)
def test_every_update_has_pytorchs_rate_and_momentum(name: str) -> None:
    changes, make = PYTORCH[name]
    ours = schedule(name, **changes)
    for update, theirs in enumerate(pytorchs(make, TOTAL)):
        assert (ours.learning_rate(update), ours.momentum(update)) == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_one_cycle_is_pytorchs_within_two_updates() -> None:
    ours = schedule("one_cycle", momentum_min=0.8, **RANGE)
    theirs = pytorchs(
        lambda sgd: lr_scheduler.OneCycleLR(
            sgd,
            max_lr=0.5,
            total_steps=TOTAL,
            pct_start=0.45,
            anneal_strategy="linear",
            base_momentum=0.8,
            max_momentum=0.9,
            div_factor=5,
            final_div_factor=100,
            three_phase=True,
        ),
        TOTAL - 1,
    )
    steepest_rate, steepest_momentum = (0.5 - 0.1) / 134, (0.9 - 0.8) / 134
    for update, (rate, momentum) in enumerate(theirs):
        assert ours.learning_rate(update) == pytest.approx(rate, abs=3 * steepest_rate)
        assert ours.momentum(update) == pytest.approx(momentum, abs=3 * steepest_momentum)


def test_a_logarithmic_range_rises_by_the_same_factor_each_update() -> None:
    made = schedule("range_test", updates_per_epoch=1, epochs=5, eta_min=1e-5, eta_max=1e-1, eta_log=True)
    assert [made.learning_rate(update) for update in range(5)] == pytest.approx([1e-5, 1e-4, 1e-3, 1e-2, 1e-1])


def test_a_range_of_one_update_is_its_lowest_rate() -> None:
    assert schedule("range_test", updates_per_epoch=1, epochs=1, eta_min=0.1, eta_max=0.5).learning_rate(0) == 0.1


@pytest.mark.parametrize("cycles", [1, 3, 7, 49])
def test_cycles_without_a_step_size_fill_the_budget_exactly(cycles: int) -> None:
    made = schedule("triangular", cycles=cycles, **RANGE)
    ends = [update for update in range(1, TOTAL + 1) if made.ends_cycle(update)]
    assert ends == [math.ceil(TOTAL * place / cycles) for place in range(1, cycles + 1)]
    assert made.learning_rate(TOTAL) == pytest.approx(0.1)


def test_with_a_step_size_cycles_repeat_to_the_end() -> None:
    made = schedule("triangular", step_size=40, **RANGE)
    assert [update for update in range(1, TOTAL + 1) if made.ends_cycle(update)] == [80, 160, 240]
    assert made.learning_rate(280) == pytest.approx(0.5)


def test_by_default_there_are_three_cycles_if_they_fit() -> None:
    assert schedule("triangular").cycles(TOTAL) == 3
    assert schedule("triangular", updates_per_epoch=1, epochs=5).cycles(5) == 2
    assert schedule("triangular", updates_per_epoch=1, epochs=1).cycles(1) == 1


@pytest.mark.parametrize(("multiplier", "lengths"), [(1, [4, 4, 4]), (2, [4, 8, 16]), (3, [4, 12, 36])])
def test_each_restart_multiplies_the_cycles_length(multiplier: int, lengths: list[int]) -> None:
    restarts = Restarts(4, multiplier)
    expected = [(cycle, update, length) for cycle, length in enumerate(lengths) for update in range(length)]
    assert [restarts.place(update) for update in range(sum(lengths))] == expected


def test_more_cycles_than_pairs_of_updates_are_refused() -> None:
    with pytest.raises(ValueError, match="cycles is 151, but the budget has 300 updates"):
        schedule("triangular", cycles=151)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schedule": "triangular", "step_size": 151}, "no cycle of triangular ends .* 300 updates: .* step_size"),
        ({"schedule": "cosine_restarts", "restart_period": 31}, "no cycle of cosine_restarts ends .* restart_period"),
    ],
)
def test_snapshots_without_a_whole_cycle_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        schedule(changes.pop("schedule"), snapshots=True, **changes)
