"""The index of several studies' pages: a page that links them, with the best and the notes of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from urllib.parse import quote

import jinja2

from hyperspool.common import atomic
from hyperspool.common.clock import now_text
from hyperspool.common.layout import StudyFolder
from hyperspool.common.printable import printable
from hyperspool.master.analysis.page.report import PAGE
from hyperspool.master.results.notes import note_text, read_notes
from hyperspool.master.results.standing import Standing, open_standing
from hyperspool.master.results.wording import counted, measured_text, params_text, stopped_text


@dataclass(frozen=True)
class Row:
    """A study in the index."""

    name: str
    page: str
    title: str
    best: str
    counts: str
    notes: tuple[str, ...]


def write_index(folders: Sequence[StudyFolder], out: Path) -> Path:
    """Write `index.html`, which links each study's page in a folder of the study's name beside it.

    Args:
        folders: the published studies.
        out: an existing folder.

    Raises:
        OSError: `out` cannot be written.
    """
    source = (resources.files("hyperspool.master") / "analysis" / "page" / "index.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        finalize=lambda value: printable(value) if isinstance(value, str) else value,
    )
    rows = [_row(folder, open_standing(folder)) for folder in folders]
    path = out / "index.html"
    atomic.replace(path, environment.from_string(source).render(rows=rows, now=now_text()).encode(), durable=False)
    return path


def _row(folder: StudyFolder, standing: Standing) -> Row:
    spec = standing.spec
    counts = [f"{count} {status.value}" for status, count in standing.counts.items() if count]
    stopped = stopped_text(standing.stopped)
    return Row(
        name=spec.name,
        page=f"{quote(spec.name)}/{PAGE}",
        title=spec.title,
        best=_best(standing),
        counts=f"{counted(standing.total, 'trial')}: {', '.join(counts)}{f'; {stopped}' if stopped else ''}",
        notes=tuple(map(note_text, read_notes(folder))),
    )


def _best(standing: Standing) -> str:
    if front := standing.front:
        measures = ", ".join(goal.measure for goal in standing.spec.objectives or ())
        return f"a front of {counted(len(front.evaluations), 'trial')} for {measures}"
    best = standing.incumbent
    if best is None:
        return "no trial is complete yet"
    measure, basis = standing.spec.objective.measure_name, f" ({best.basis})" if best.basis else ""
    return f"best {measure}: {measured_text(best.best_known)}{basis}, with {params_text(best.params)}"
