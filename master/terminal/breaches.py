"""How breaches look in a terminal."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from hyperspool.common.printable import printable
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.results.wording import counted

STYLES = {Severity.BREACH: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def breach_text(breach: Breach, root: Path, *, is_mended: bool) -> Text:
    """A breach on one line: the file and what is wrong with it; what repair does about it on the next."""
    severity, style = ("mended", "green") if is_mended else (breach.severity.value, STYLES[breach.severity])
    path = printable(str(breach.path.relative_to(root)))
    told = Text.assemble((f"{severity:8}", style), (path, "bold"), f": {printable(breach.cause)}")
    if breach.remedy is not Remedy.NONE and not is_mended:
        told.append(f"\n        --repair {breach.remedy.value}", style="dim")
    return told


def summary_text(breaches: Sequence[Breach], mended: Sequence[Breach], study: str) -> Text:
    """What it all comes to."""
    counts = Counter(breach.severity for breach in breaches)
    left = counts[Severity.BREACH]
    parts = [counted(counts[Severity.WARNING], "warning")] if counts[Severity.WARNING] else []
    parts += [f"{counts[Severity.NOTE]} set aside before"] if counts[Severity.NOTE] else []
    parts += [f"{len(mended)} mended"] if mended else []
    remark = f" ({', '.join(parts)})" if parts else ""
    if not left:
        return Text.assemble(("in order", "bold green"), f": every file of study {study} is as it should be{remark}")
    verb = "is" if left == 1 else "are"
    return Text.assemble(
        (f"{left} of study {study}'s files {verb} not as they should be", STYLES[Severity.BREACH]), remark
    )
