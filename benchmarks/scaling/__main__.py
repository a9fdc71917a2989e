"""The command line: `python -m benchmarks.scaling`; see the package."""

import argparse
from dataclasses import replace
from pathlib import Path

import benchmarks.scaling
from benchmarks.harness import Size, show
from benchmarks.scaling import sweep
from benchmarks.scaling.costs import calibrate, read_costs, write_costs
from benchmarks.scaling.requests import Requests, count_requests


def main() -> None:
    """Calibrate, draw, or measure."""
    parser = argparse.ArgumentParser(
        description=benchmarks.scaling.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=Size, choices=list(Size), default=Size.DAILY)
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--most", type=int, default=max(sweep.WORKERS), metavar="WORKERS")
    parser.add_argument("--requests", type=float, default=sweep.NETWORK.requests_per_s, help="Of the server, per s.")
    options = parser.parse_args()
    if options.calibrate:
        requests = count_requests()
        known = requests or Requests(**{name: getattr(read_costs(), name) for name in Requests.__dataclass_fields__})
        write_costs(calibrate(known))
    elif options.figure:
        workers = [count for count in sweep.WORKERS if count <= options.most]
        place = replace(sweep.NETWORK, requests_per_s=options.requests)
        found = sweep.show(sweep.points(read_costs(), workers, sweep.SECONDS, place))
        sweep.draw(found, options.figure)
        print(sweep.table(found))
    else:
        for row in benchmarks.scaling.rows(options.size):
            show(row)


if __name__ == "__main__":
    main()
