"""The simulation of many workers: nobody waits beside a free job, and every trial is evaluated once."""

import pytest
import simpy

from benchmarks.fleet import STUDY
from benchmarks.scaling.check import spec_of
from benchmarks.scaling.costs import read_costs
from benchmarks.scaling.model import Simulation
from benchmarks.scaling.place import Place
from benchmarks.scaling.world import Waiting

SERVER = Place("a server", None, 20_000.0, 0.0003)
MODES = {"in batches": "batch = 40", "asynchronous": 'mode = "asynchronous"'}


def _woken(waiting: Waiting, env: simpy.Environment, phases: list[float], free: int) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []

    def worker(phase_s: float) -> simpy.events.ProcessGenerator:
        yield from waiting.wait(phase_s)
        found.append((phase_s, env.now))

    for phase_s in phases:
        env.process(worker(phase_s))
    env.run(until=5.5)
    waiting.wake(free)
    env.run(until=20)
    return found


def test_workers_of_a_cluster_wake_at_their_next_look() -> None:
    env = simpy.Environment()
    woken = _woken(Waiting(env, is_local=False), env, [0.1, 0.4, 0.6, 0.9], free=3)
    assert [phase_s for phase_s, _ in woken] == [0.6, 0.9, 0.1]
    assert [at_s for _, at_s in woken] == pytest.approx([5.6, 5.9, 6.1])


def test_an_event_wakes_all_workers_of_a_machine() -> None:
    env = simpy.Environment()
    assert len(_woken(Waiting(env, is_local=True), env, [0.1, 0.4, 0.6], free=1)) == 3


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("place", [Place("a machine", 2, found_s=0.5), SERVER], ids=lambda place: place.name)
def test_every_trial_is_evaluated_once(mode: str, place: Place) -> None:
    spec = spec_of(STUDY.format(trials=80, mode=MODES[mode], objective="nothing"))
    asked: list[int] = []

    def seconds_of(_job: object) -> float:
        asked.append(1)
        return 1.0

    outcome = Simulation(spec, 10, seconds_of, place, read_costs()).run()
    assert len(asked) == 2 * 80  # at its evaluation, and when it is collected
    assert 8 < outcome.seconds < 20
    assert 0.4 < outcome.used <= 1
