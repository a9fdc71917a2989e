"""Where the limits of one study with many workers lie: a simulation at measured costs, checked with real workers.

    python -m benchmarks.scaling [--size daily]                                  the rows
    python -m benchmarks.scaling --calibrate                                     measure the costs of this machine first
    python -m benchmarks.scaling --figure docs/pictures/scaling.svg [--most N]   draw the figure, print its tables

costs.py and worker_costs.py measure what each operation costs on this machine, requests.py counts how many requests of
a file server it takes. model.py is a study in virtual time, with the workers of crew.py in the world of world.py, and
sweep.py simulates studies of 10 to 10,000 workers. samplers.py times the search methods, check.py runs the same
studies with real workers. costs.json holds the costs that were measured last.
"""

import os
from collections.abc import Iterator

from benchmarks.harness import Row, Size, not_measured


def rows(size: Size) -> Iterator[Row]:
    """The model beside real workers, and some simulated studies."""
    from benchmarks.scaling.check import checked
    from benchmarks.scaling.costs import read_costs
    from benchmarks.scaling.samplers import SAMPLERS, proposal_s
    from benchmarks.scaling.sweep import MODES, NETWORK, simulated

    costs = read_costs()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if size is Size.TINY:
        yield not_measured("real workers", "their trials take half a minute")
    for workers in size.of(tiny=(), daily=(2, 8), full=(2, 8, 32, 64)):
        yield from checked(workers, size.of(tiny=1, daily=1, full=3), cores, costs)
    for workers in size.of(tiny=(10,), daily=(10, 100), full=(10, 100, 1000)):
        for mode in MODES:
            used = simulated(costs, workers, 60.0, mode, NETWORK).used
            name = f"{workers:,} simulated workers, trials of a minute, {mode}: time that is used"
            yield Row(name, [100 * used], "%", note=NETWORK.name)
    for batch_each in size.of(tiny=(), daily=(4, 8), full=(4, 8)):
        used = simulated(costs, 100, 60.0, MODES[0], NETWORK, batch_each=batch_each).used
        yield Row(f"100 simulated workers, batches of {100 * batch_each}: time that is used", [100 * used], "%")
    for sampler in size.of(tiny=("random",), daily=SAMPLERS, full=SAMPLERS):
        for known in size.of(tiny=(10,), daily=(100,), full=(100, 1000)):
            yield Row(f"{sampler}: a proposal after {known:,} results", [1000 * proposal_s(sampler, known)], "ms")
