"""Measures trials per second through the whole protocol by number of workers, with an objective that costs nothing.

    python -m benchmarks.throughput [--trials 500] [--root DIR]

It runs real processes on a real file system: publish, claim, evaluate in the child, report, collect, with every flush
to disk. Time counts from the first claim to the last result, so that the start of Python is not measured.
"""

import argparse
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from hyperspool.common.layout import StudyFolder
from hyperspool.master.results.standing import open_standing

WORKERS = (1, 2, 4, 8)
STUDY = """
trials = {trials}
batch = {trials}
objective.name = "nothing"
budget.epochs = 1
space.x = {{ type = "float", low = 0, high = 1 }}
"""
"""All trials are one batch, so that no worker waits for the end of a batch."""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--root", type=Path, help="Put the shared folder below this one. Default: a temporary folder.")
    options = parser.parse_args()
    print(f"{'workers':>8} {'trials':>7} {'seconds':>8} {'trials/s':>9}")
    with tempfile.TemporaryDirectory(dir=options.root) as place:
        for workers in WORKERS:
            seconds = measure(Path(place), workers, options.trials)
            print(f"{workers:>8} {options.trials:>7} {seconds:>8.2f} {options.trials / seconds:>9.0f}")


def measure(root: Path, workers: int, trials: int) -> float:
    """Run a study and return the seconds from its first claim to its last result."""
    study = root / f"with-{workers}.toml"
    study.write_text(STUDY.format(trials=trials))
    command = [sys.executable, "-m", "master", "run", str(study), "--root", str(root), "--workers", str(workers)]
    command += ["--objective", "nothing=benchmarks.nothing:nothing"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    results = open_standing(StudyFolder(root, study.stem)).results.values()
    begin = min(datetime.fromisoformat(result.times.claimed_at) for result in results)
    end = max(datetime.fromisoformat(result.times.ended_at) for result in results)
    return (end - begin).total_seconds()


if __name__ == "__main__":
    main()
