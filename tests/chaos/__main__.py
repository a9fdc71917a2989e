"""`python -m tests.chaos --minutes 60 --seed 1`: runs storm after storm until the time is up.

The first broken promise ends it with exit status 1 and keeps the folder.
"""

import argparse
import itertools
import logging
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.chaos.chaos import CNN, BrokenPromise, Storm, Weather, broken_promises, undisturbed
from tests.chaos.outcome import Outcome

WEATHERS = (
    Weather("quick"),
    Weather("hail", pause_s=(0.02, 0.15)),
    Weather("long stops", stop_s=(0.05, 9.0), stale_s=5.0),
    Weather("lease", trials=200, claim="lease"),
    Weather("cnn", CNN, trials=12, batch=6, epochs=8, workers=4, pause_s=(0.3, 3.0), is_timed=True),
)

logger = logging.getLogger("chaos")


def main() -> int:
    """Run storms; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=10.0, help="Run this long; finish the last round. Default: 10."
    )
    parser.add_argument("--seed", type=int, default=0, help="Seed the first round; later rounds count up. Default: 0.")
    parser.add_argument(
        "--weather", choices=[weather.name for weather in WEATHERS], help="Run only this. Default: all."
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    chosen = [weather for weather in WEATHERS if options.weather in {None, weather.name}]
    base = Path(tempfile.mkdtemp(prefix="chaos-"))
    end_s = time.monotonic() + 60.0 * options.minutes
    rounds = trials = 0
    blows: Counter[str] = Counter()
    expected: dict[str, Outcome] = {}
    for seed, weather in zip(itertools.count(options.seed), itertools.cycle(chosen), strict=False):
        if time.monotonic() > end_s:
            break
        if weather.name not in expected:
            expected[weather.name] = undisturbed(base / f"undisturbed {weather.name}", weather)
        storm = Storm(base / f"seed {seed}", weather, seed)
        if not _is_survived(storm, expected[weather.name]):
            logger.info("folder kept: %s; repeat with --seed %d --weather '%s'", storm.root, seed, weather.name)
            return 1
        shutil.rmtree(storm.root)
        rounds, trials, blows = rounds + 1, trials + weather.trials, blows + storm.blows
    shutil.rmtree(base)
    logger.info("all kept: %d rounds, %d trials, %d blows (%s)", rounds, trials, blows.total(), _blows_text(blows))
    return 0


def _is_survived(storm: Storm, expected: Outcome) -> bool:
    began_s = time.monotonic()
    try:
        storm.run()
        broken = broken_promises(storm, expected)
    except BrokenPromise as error:
        broken = [str(error)]
    facts = (storm.weather.name, storm.seed, storm.weather.trials, time.monotonic() - began_s, _blows_text(storm.blows))
    logger.info("%s, seed %d: %d trials, %.0f s, blows: %s: %s", *facts, "BROKEN" if broken else "kept")
    for line in broken:
        logger.info("  %s", line)
    return not broken


def _blows_text(blows: Counter[str]) -> str:
    return ", ".join(f"{count} x {blow}" for blow, count in sorted(blows.items()))


if __name__ == "__main__":
    sys.exit(main())
