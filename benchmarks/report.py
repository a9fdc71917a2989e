"""Measures the seconds and megabytes of a large study's report.

    python -m benchmarks.report [--size daily] [--trials 1000] [--epochs 50] [--keep FOLDER]

First it writes the study's files as workers would leave them. The curves are invented, because the time does not depend
on them. Then it writes the report once, in this process, as the command does. With `--trials` it prints the seconds of
each step instead of the rows, and CPU seconds too, because they depend less on the machine's other work.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.finished import write_study
from benchmarks.harness import Row, Size, at_most, show
from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.page import report

STEPS = {
    "study_data": "read the files",
    "sections": "list the figures, with captions",
    "save_figure": "draw and save the figures",
    "answers": "answers",
    "render": "render the page",
}
"""The functions that the report calls, and their labels in the table."""
MEGABYTE = 1e6


def main() -> None:
    """Print the rows; or the steps of the report of some trials."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=Size, choices=list(Size), default=Size.DAILY)
    parser.add_argument("--trials", type=int, help="Print the steps of the report of this many trials.")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--keep", type=Path, help="Keep study and report in this folder. Default: remove them.")
    options = parser.parse_args()
    if options.trials is None:
        for row in rows(options.size):
            show(row)
        return
    with ExitStack() as stack:
        root = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = write_study(root, options.trials, options.epochs)
        measure(folder, root / "report")


def rows(size: Size) -> Iterator[Row]:
    """The seconds and the size of a report."""
    trials, epochs = size.of(tiny=(12, 3), daily=(1000, 50), full=(1000, 50))
    with tempfile.TemporaryDirectory() as name:
        folder = write_study(Path(name), trials, epochs)
        total = [0.0, 0.0]
        written = timed(report.write_report, total)(folder, Path(name, "report"))
        megabytes = written.page.stat().st_size / MEGABYTE
    what = f"report of {trials:,} trials of {epochs} epochs"
    yield Row(what, [total[0]], "s", bar=at_most(20))
    yield Row(f"{what}, CPU", [total[1]], "s")
    yield Row(f"{what}, its page", [megabytes], "MB", bar=at_most(10))


def measure(folder: StudyFolder, out: Path) -> None:
    """Write the report, and print the time of each step."""
    spent = {name: [0.0, 0.0] for name in STEPS}
    with ExitStack() as stack:
        for name in STEPS:
            stack.enter_context(patch.object(report, name, timed(getattr(report, name), spent[name])))
        total = [0.0, 0.0]
        written = timed(report.write_report, total)(folder, out)
    print(f"{'step':<35} {'seconds':>8} {'CPU':>8}")
    rest = [whole - sum(parts) for whole, *parts in zip(total, *spent.values(), strict=True)]
    rows = {STEPS[name]: seconds for name, seconds in spent.items()} | {"everything else": rest, "report": total}
    for label, (seconds, cpu_s) in rows.items():
        print(f"{label:<35} {seconds:>8.2f} {cpu_s:>8.2f}")
    print(f"{written.figures} figures, page of {written.page.stat().st_size / MEGABYTE:.2f} MB")


def timed(work: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    """Wrap `work` to add its seconds and CPU seconds to `spent`."""

    def measured(*given: Any, **named: Any) -> Any:
        begin, begin_cpu = time.perf_counter(), time.process_time()
        found = work(*given, **named)
        spent[0] += time.perf_counter() - begin
        spent[1] += time.process_time() - begin_cpu
        return found

    return measured


if __name__ == "__main__":
    main()
