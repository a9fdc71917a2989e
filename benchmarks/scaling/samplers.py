"""How long a master takes for a proposal, by search method and by what is known."""

import statistics
import time
from collections.abc import Iterable

from benchmarks.batch_order import result_of
from benchmarks.fleet import STUDY
from benchmarks.scaling.check import spec_of
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.proposer import Proposer

SAMPLERS = ("random", "qmc", "cmaes", "nsga2", "tpe", "gp")
REPEATS = 5


def proposal_s(sampler: str, known: int) -> float:
    """The median CPU seconds of a proposal of an asynchronous study that knows this many results of random search."""
    mode = 'mode = "asynchronous"\nsampler.name = "{}"'
    studies = [
        spec_of(STUDY.format(trials=known + 2 * REPEATS, mode=mode.format(name), objective="nothing"))
        for name in ("random", sampler)
    ]
    first = Proposer(studies[0], Journal()).propose({}, known)
    journal = Journal([first] if first else [])
    proposer = Proposer(studies[1], journal)
    _finish(proposer, journal.entries.values())
    found: list[float] = []
    for _ in range(REPEATS + 1):
        began_s = time.process_time()
        batch = proposer.propose({}, 1)
        found.append(time.process_time() - began_s)
        if batch is not None:
            journal.add(batch)
            _finish(proposer, batch.proposals)
    return statistics.median(found[1:])  # the first one loads libraries


def _finish(proposer: Proposer, entries: Iterable[ProposalEntry]) -> None:
    for entry in list(entries):
        value = sum((float(number) - 0.3) ** 2 for number in entry.params.values())
        proposer.finish(result_of(entry.job("crowd"), 1.0).model_copy(update={"value": value}))
