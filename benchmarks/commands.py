"""Measures what a trial of a command costs beyond starting its process.

    python -m benchmarks.commands [--trials 100] [--rounds 5]

Each round starts the command by itself, once per trial, and then runs a study of it with one worker.
The table gives medians over the trials and the rounds, in milliseconds: from the claim to the end of the evaluation,
and from claim to claim, which holds the whole protocol with its flushes to disk. The first claim-to-claim time holds
the start of the evaluating process too, once per worker; the median leaves it out.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from hyperspool.common.layout import StudyFolder
from hyperspool.master.results.standing import open_standing

COMMAND = ["/bin/echo", '{"loss": 1}']
STUDY = """
trials = {trials}
batch = {trials}
objective = {{ name = "echo", command = ["/bin/echo", '{{{{"loss": {{x}}}}}}'] }}
budget.epochs = 1
space.x = {{ type = "float", low = 0, high = 1 }}
"""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    trials = options.trials
    with tempfile.TemporaryDirectory() as place:
        names = [f"round-{number}" for number in range(options.rounds)]
        rounds = [(alone_ms(trials), *study_ms(Path(place), name, trials)) for name in names]
    alone, evaluated, whole = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{'milliseconds per trial':<46} {'median':>7} {'beyond the process':>19}")
    print(f"{'the process by itself':<46} {alone:>7.1f}")
    print(f"{'from the claim to the end of the evaluation':<46} {evaluated:>7.1f} {evaluated - alone:>19.1f}")
    print(f"{'from claim to claim':<46} {whole:>7.1f} {whole - alone:>19.1f}")


def alone_ms(trials: int) -> float:
    """Start the command once per trial, one after the other; return the mean milliseconds of one."""
    began_s = time.perf_counter()
    for _ in range(trials):
        subprocess.run(COMMAND, check=True, capture_output=True)  # noqa: S603 - our own command
    return (time.perf_counter() - began_s) / trials * 1000


def study_ms(root: Path, name: str, trials: int) -> tuple[float, float]:
    """Run a study; return the median milliseconds of an evaluation, and those from claim to claim."""
    study = root / f"{name}.toml"
    study.write_text(STUDY.format(trials=trials))
    command = [sys.executable, "-m", "master", "run", str(study), "--root", str(root), "--workers", "1"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    results = list(open_standing(StudyFolder(root, name)).results.values())
    claims = sorted(datetime.fromisoformat(result.times.claimed_at) for result in results)
    evaluated_s = statistics.median(result.times.evaluation_s for result in results)
    whole_s = statistics.median((later - earlier).total_seconds() for earlier, later in pairwise(claims))
    return evaluated_s * 1000, whole_s * 1000


if __name__ == "__main__":
    main()
