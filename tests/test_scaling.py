"""The simulation of many workers agrees with what can be worked out by hand."""

from dataclasses import replace

import pytest

from benchmarks.fleet import STUDY
from benchmarks.scaling.check import spec_of
from benchmarks.scaling.costs import Costs, read_costs
from benchmarks.scaling.model import Simulation
from benchmarks.scaling.place import Outcome, Place
from benchmarks.scaling.requests import requests_in

COSTS = read_costs()
AMOUNTS = {name for name, value in vars(COSTS).items() if isinstance(value, float) and name != "names_per_request"}
FREE = Costs(**vars(COSTS) | dict.fromkeys(AMOUNTS, 0.0))
MACHINE = Place("machine", cores=2)
SERVER = Place("server", requests_per_s=20_000.0, round_trip_s=0.0003)
TRACE = """
71 1764227000.250000 openat(5</r/jobs/demo>, "00001.json", O_RDONLY|O_NOFOLLOW) = 6</r/jobs/demo/00001.json>
71 1764227000.500000 newfstatat(6</r/jobs/demo/00001.json>, "", {st_mode=S_IFREG|0644}, AT_EMPTY_PATH) = 0
71 1764227000.750000 fsync(6</r/jobs/demo/00001.json>) = 0
71 1764227001.000000 fsync(7</elsewhere>) = 0
71 1764227001.250000 fcntl(6</r/jobs/demo/00001.lock>, F_OFD_SETLK, {l_type=F_WRLCK}) = 0
"""


def simulated(workers: int, mode: str, place: Place = MACHINE, costs: Costs = FREE) -> Outcome:
    spec = spec_of(STUDY.format(trials=4 * workers, mode=mode, objective="nothing"))
    return Simulation(spec, workers, lambda job: 30.0 + 10.0 * (job.trial % 4), place, costs).run()


def test_without_costs_only_the_ends_of_batches_are_lost() -> None:
    outcome = simulated(4, "batch = 4")
    assert outcome.seconds == pytest.approx(4 * 60, abs=0.2)
    assert outcome.used == pytest.approx(45 / 60, abs=0.01)
    assert simulated(4, 'mode = "asynchronous"').used > 0.95


def test_a_server_that_is_asked_for_more_is_the_bound() -> None:
    heavy = replace(FREE, requests_waiting_per_s=30.0, requests_trial=60.0, requests_heartbeat=6.0)
    light = simulated(100, 'mode = "asynchronous"', SERVER, heavy)
    assert light.server == pytest.approx(100 * 30 / 20_000, rel=0.2)
    assert simulated(100, 'mode = "asynchronous"', replace(SERVER, requests_per_s=3200.0), heavy).used < light.used


def test_system_calls_below_the_folder_count_as_requests() -> None:
    assert list(requests_in(TRACE, "/r")) == [(1764227000.25, 2.0), (1764227000.75, 2.0), (1764227001.25, 1.0)]
