"""Runs the benchmarks and writes benchmarks/RESULTS.md: what `make bench` does.

    python -m benchmarks [NAME ...] [--size tiny|daily|full] [--out FILE]

Each runs in a process of its own, so that none pays for what another has loaded.
"""

import argparse
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.harness import Row, Size, rows_of
from benchmarks.results import RESULTS, write

BENCHMARKS = {
    "throughput": "what a trial costs through the whole protocol",
    "waking": "how soon workers and master go on, and what they cost while idle",
    "crowd": "many workers that start at once",
    "batch_order": "batches that begin with the trials that will take longest",
    "whole_job": "scenario 6 on digits with 2 workers, from nothing to the report",
    "startup": "what commands, workers and trials need before they begin",
    "commands": "what a trial of a command costs beyond its process",
    "training": "training on a CPU, one thread",
    "gpu": "training on a GPU",
    "scale": "what a study of 100,000 trials costs",
    "simulation": "simulated random searches",
    "scaling": "many workers, simulated at measured costs, and the model beside real workers",
    "report": "the report of a large study",
    "sampler_quality": "evaluations until a search is as good as 100 random ones, in batches of 8",
}
"""What is run, in this order: the module's name, and the title of its table."""


def main() -> int:
    """Run the benchmarks; return 1 if one of them could not be run to its end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"Of: {', '.join(BENCHMARKS)}. Default: all.")
    parser.add_argument("--size", type=Size, choices=list(Size), default=Size.DAILY)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(BENCHMARKS)}")
    failed = False
    for name in options.names or BENCHMARKS:
        began_s = time.monotonic()
        print(f"\n{name}: {BENCHMARKS[name]}", flush=True)
        try:
            rows = measured(name, options.size)
        except Exception as error:  # noqa: BLE001 - the other benchmarks are run all the same
            print(f"{name} failed: {error!r}", file=sys.stderr)
            failed = True
            continue
        write({name: rows}, BENCHMARKS, options.size, options.out)
        print(f"({time.monotonic() - began_s:.0f} s)", flush=True)
    return int(failed)


def measured(name: str, size: Size) -> list[Row]:
    """The rows of a benchmark, from a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as process:
        return process.submit(rows_of, name, size).result()


if __name__ == "__main__":
    sys.exit(main())
