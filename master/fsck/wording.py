"""The text of breaches and of the summary."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hyperspool.common.printable import printable
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.results.wording import Styled, counted

STYLES = {Severity.BREACH: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def breach_text(breach: Breach, root: Path, *, is_mended: bool) -> list[Styled]:
    """A breach on one line, with its file and its cause. A second line says what `--repair` does."""
    severity, style = ("mended", "green") if is_mended else (breach.severity.value, STYLES[breach.severity])
    path = printable(str(breach.path.relative_to(root)))
    line: list[Styled] = [(f"{severity:8}", style), (path, "bold"), f": {printable(breach.cause)}"]
    if breach.remedy is not Remedy.NONE and not is_mended:
        line.append((f"\n        --repair {breach.remedy.value}", "dim"))
    return line


def summary_text(breaches: Sequence[Breach], mended: Sequence[Breach], study: str) -> list[Styled]:
    """The last line: whether the study is in order, and the counts of what was found and mended."""
    counts = Counter(breach.severity for breach in breaches)
    left = counts[Severity.BREACH]
    parts = [counted(counts[Severity.WARNING], "warning")] if counts[Severity.WARNING] else []
    parts += [f"{counts[Severity.NOTE]} set aside before"] if counts[Severity.NOTE] else []
    parts += [f"{len(mended)} mended"] if mended else []
    remark = f" ({', '.join(parts)})" if parts else ""
    if not left:
        return [("in order", "bold green"), f": every file of study {study} is as it should be{remark}"]
    verb = "is" if left == 1 else "are"
    return [(f"{left} of study {study}'s files {verb} not as they should be", STYLES[Severity.BREACH]), remark]
