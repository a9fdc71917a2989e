"""Measures what a trial of a command costs beyond starting its process.

    python -m benchmarks.commands [--size daily]

Each round starts the command by itself, once per trial, and runs a study of it with one worker. The times are from the
claim to the end of the evaluation, and from claim to claim, which holds the whole protocol with its flushes to disk.
The first claim-to-claim time holds the start of the evaluating process too, once per worker; the median over the trials
leaves it out.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import count, pairwise
from pathlib import Path

from benchmarks.harness import Peer, Row, Size, alternate, run_alone
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


def rows(size: Size) -> Iterator[Row]:
    """The milliseconds of a trial, beside those of its process."""
    trials, rounds = size.of(tiny=5, daily=100, full=100), size.of(tiny=1, daily=3, full=9)
    with tempfile.TemporaryDirectory() as place:
        number = count()
        found = alternate(
            {
                "alone": lambda: (alone_ms(trials),),
                "study": lambda: study_ms(Path(place), f"round-{next(number)}", trials),
            },
            rounds,
        )
    alone = Peer("its process", [each[0] for each in found["alone"]])
    for part, name in enumerate(("from the claim to its end", "from claim to claim")):
        yield Row(f"a trial of a command, {name}", [each[part] for each in found["study"]], "ms", alone)


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
    run_alone(__doc__, rows)
