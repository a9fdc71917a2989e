"""The file benchmarks/RESULTS.md: where, with what and when it was measured, and a table for each benchmark.

A run of some benchmarks replaces their tables and leaves the others, if they are of the same machine and versions.
"""

import os
import platform
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.harness import Row, Size, markdown
from hyperspool.common.mounts import mount_of

RESULTS = Path(__file__).with_name("RESULTS.md")
TITLE = """# Results of the benchmarks

`make bench` writes this file; docs/benchmarks.md says how to read it. Each figure is the median of repeated runs, which
alternate with those that it is compared with, and in brackets the smallest and the largest. The ratio is that of the
medians: absolute times mean little on a shared machine.
"""
LIBRARIES = ("torch", "optuna", "numpy", "pydantic")
HEADING = "\n## "


def write(measured: Mapping[str, Sequence[Row]], titles: Mapping[str, str], size: Size, path: Path = RESULTS) -> None:
    """Write the tables of benchmarks, and keep those of others that are there.

    Args:
        measured: the rows by the name of the benchmark.
        titles: of all benchmarks, by name, in the order of the file.
        size: of the run.
        path: of the file.
    """
    head = TITLE + "\n" + "".join(f"- {name}: {text}\n" for name, text in surroundings().items())
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    before, *sections = there.split(HEADING)
    kept = {text.split("\n", 1)[0]: text for text in sections} if before.strip() == head.strip() else {}
    for name, rows in measured.items():
        when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        circumstances = f"{when}, {revision()}, size {size}, load average {os.getloadavg()[1]:.0f}"
        text = f"{name}: {titles[name]}\n\n{circumstances}.\n\n{markdown(rows)}"
        kept = {key: other for key, other in kept.items() if not key.startswith(f"{name}: ")} | {f"{name}: ": text}
    ordered = [text for name in titles for key, text in kept.items() if key.startswith(f"{name}: ")]
    path.write_text(head + "".join(HEADING + text.rstrip("\n") + "\n" for text in ordered), encoding="utf-8")


def surroundings() -> dict[str, str]:
    """The machine and the versions, by name."""
    folder = Path(tempfile.gettempdir())
    mount = mount_of(folder)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "machine": f"{_cpu()}, {cores} cores, {memory / 2**30:.0f} GiB of memory",
        "system": f"{platform.system()} {platform.release()}, temporary files on {mount.kind if mount else 'unknown'}",
        "versions": ", ".join([f"Python {platform.python_version()}", *(_library(name) for name in LIBRARIES)]),
    }


def revision() -> str:
    """The commit of this checkout, and whether files differ from it; hyperspool's version where there is no git."""
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        described = subprocess.run(  # noqa: S603 - our own command
            [*git, "describe", "--always", "--dirty=, changed", "--exclude=*"],
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return _library("hyperspool")
    return f"commit {described.stdout.strip()}"


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _library(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"no {name}"
