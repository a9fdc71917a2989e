"""Records the table of real trials that `benchmarks.sampler_quality` plays searches on.

    python -m benchmarks.record_table [--trials 640] [--workers 2] [--seed 0] [--out benchmarks/digits_table.json.xz]

It runs random trials of scenario5's space on digits, with few training examples so that a trial takes seconds, and
packs params and curves of all into one file. An hour on two cores. The study is kept in `--root`, so that a recording
that was interrupted goes on. With another seed than those of the table that is there, its trials are added to it.
"""

import argparse
import json
import lzma
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from hyperspool.common import atomic
from hyperspool.common.curve import read_curve
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Status
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.reading import read_results
from hyperspool.master.studies.preset import load_preset
from hyperspool.master.studies.published import publish_study

NAME = "digits-table"
EPOCHS = 27
TRAIN_SIZE = 250
DIGITS = 6
"""Of each recorded number."""


def main() -> None:
    """Run the trials that are missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=640)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="Of the study: another one gives other trials.")
    parser.add_argument("--root", type=Path, default=Path("table"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/digits_table.json.xz"))
    options = parser.parse_args()
    folder, spec = StudyFolder(options.root, NAME), study(options.trials, options.seed)
    options.root.mkdir(exist_ok=True)
    if different := publish_study(folder, spec):
        sys.exit(f"{folder.spec} is another study: {different}")
    command = ("run", NAME, "--root", str(options.root), "--workers", str(options.workers))
    subprocess.run([sys.executable, "-m", "hyperspool", *command], check=True)  # noqa: S603 - our own command
    atomic.replace(options.out, packed(folder, spec, options.out), durable=False)
    print(f"{options.out}: {options.out.stat().st_size / 1000:.0f} kB")


def study(trials: int, seed: int) -> StudySpec:
    """The study whose trials are recorded."""
    table: dict[str, Any] = json.loads(load_preset("scenario5").to_json())
    table |= {"name": NAME, "seed": seed, "trials": trials, "batch": trials, "budget": {"epochs": EPOCHS}}
    table["data"]["train_size"] = TRAIN_SIZE
    return StudySpec.model_validate_json(json.dumps(table))


def packed(folder: StudyFolder, spec: StudySpec, path: Path) -> bytes:
    """The table as compressed JSON: how it was made, the space, and a row per COMPLETE trial, in order.

    Args:
        folder: of the recorded study.
        spec: the study.
        path: of the table that is there, if any. Its rows of other seeds stay, before those of this one.
    """
    own = [
        {"seed": spec.seed} | row
        for result in read_results(folder, spec).results.values()
        if (row := _row(folder, result))
    ]
    table: dict[str, Any] = {"about": {"study": json.loads(spec.to_json()), "seeds": {}}, "rows": []}
    if path.exists():
        table = json.loads(lzma.decompress(path.read_bytes()))
    table["rows"] = [row for row in table["rows"] if row["seed"] != spec.seed] + own
    table["about"]["seeds"][str(spec.seed)] = {
        "rows": len(own),
        "recorded": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "machine": platform.machine(),
    }
    return lzma.compress(json.dumps(table, separators=(",", ":")).encode(), preset=9)


def _row(folder: StudyFolder, result: Finished) -> dict[str, Any] | None:
    if result.status is not Status.COMPLETE:
        return None
    curve = read_curve(folder.curve(*result.evaluation))
    return {
        "params": result.params,
        "errors": [round(each.metrics["validation_error"], DIGITS) for each in curve],
        "seconds": [round(each.seconds, DIGITS) for each in curve],
        "diverged": result.diverged,
    }


if __name__ == "__main__":
    main()
