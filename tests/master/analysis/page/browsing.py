"""Pages in a real browser, for tests: what is written, and where the marks of a trial lie."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize

from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures import best_so_far, curves, parallel_coordinates, value_panels
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.page import report
from hyperspool.master.analysis.page.report import Written, write_report

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDE = ViewportSize(width=1280, height=900)
HOSTILE = "</script><img src=x onerror=alert(1)>"
BAD, WAITING = 5, 11
"""The trial that failed, and the one without a result."""
NUMBERS = "rows => rows.filter(row => !row.hidden).map(row => Number(row.dataset.trial))"


def few_sections(data: StudyData, _: object) -> list[tuple[str, list[NamedFigure]]]:
    """Fewer figures, in less time."""
    modules = (best_so_far, value_panels, parallel_coordinates, curves)
    return [("Figures", [figure for module in modules for figure in module.figures(data)])]


def write_few(folder: StudyFolder, out: Path) -> Written:
    """Write a report with fewer figures and no answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "sections", few_sections)
        patch.setattr(report, "answers", lambda *_: [])
        return write_report(folder, out)


def mark_of(page: Page, figure: str, trial: int) -> tuple[float, float]:
    """Where the first mark of a trial in a figure lies in the window."""
    page.locator(f"#{figure} svg").scroll_into_view_if_needed()
    place = page.evaluate(
        """([figure, trial]) => {
            const group = [...document.querySelectorAll(`#${figure} [data-trials]`)].find(
                (each) => each.dataset.trials.split(" ").includes(String(trial)));
            const place = group.dataset.trials.split(" ").indexOf(String(trial));
            const box = group.querySelectorAll(":scope > use, :scope > path")[place].getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }""",
        [figure, trial],
    )
    return float(place[0]), float(place[1])


def shown_numbers(page: Page) -> list[int]:
    """The trials whose rows are shown in the table of every trial, in order."""
    found: list[int] = page.locator("#every-trial tbody tr").evaluate_all(NUMBERS)
    return found
