"""A live page: written again as results land, until the study ends.

What a refresh costs follows from what is new. A result or curve that was read is not read again. Figures and answers,
which cost most, are drawn again when the results are a quarter more than those that they show: over a study of n trials
that is a few times log n drawings, so each new trial pays for a share that does not grow. The PNG files and the CSV
tables are written once, at the end. Between two refreshes the process rests for ten times as long as the last one took.
"""

import time
from collections.abc import Callable
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.data.curve_frame import KeptCurves
from hyperspool.master.analysis.data.frames import StudyData, study_data
from hyperspool.master.analysis.data.sample import sample
from hyperspool.master.analysis.page.report import Parts, Written, draw_parts, write_page, write_report
from hyperspool.master.results.reading import StudyResults, read_results
from hyperspool.master.results.standing import Standing, read_standing
from hyperspool.master.studies.published import published_study, read_published

GROWTH = 1.25
"""Figures are drawn again when there are this many times the results that they show."""
SHORTEST_WAIT_S = 2.0
REST = 10.0
"""How long the process rests between two refreshes, in the time that the last one took."""


class LivePage:
    """The page of a study that is running.

    Args:
        folder: of a published study.
        out: the folder to write to; it is created if it does not exist.
    """

    def __init__(self, folder: StudyFolder, out: Path) -> None:
        self._folder, self._out = folder, out
        self._read = StudyResults()
        self._curves: KeptCurves = {}
        self._parts: Parts | None = None
        self.wait_s = SHORTEST_WAIT_S

    def refresh(self) -> Standing:
        """Write the page with what there is now, so that it reloads by itself after `wait_s`.

        Raises:
            UsageError: there is no such study.
            OSError: the folder cannot be written.
        """
        begin = time.process_time()
        data, standing = self._look()
        atomic.make_folder(self._out)
        if self._parts is None or data.result_count >= GROWTH * self._parts.results > 0 or not self._parts.results:
            self._parts = draw_parts(data, None)
        write_page(self._folder, data, standing, self._parts, self._out, live_s=self.wait_s)
        self.wait_s = max(SHORTEST_WAIT_S, REST * (time.process_time() - begin))
        return standing

    def _look(self) -> tuple[StudyData, Standing]:
        spec = read_published(published_study(self._folder.root, self._folder.name))
        self._read = read_results(self._folder, spec, self._read)
        standing = read_standing(self._folder, spec, self._read)
        shown = sample(self._read, standing)
        return study_data(self._folder, spec, shown, self._curves, standing.journal), standing


def watch_report(
    folder: StudyFolder, out: Path, said: Callable[[Path], None], wait: Callable[[float], object] = time.sleep
) -> Written:
    """Write the page again and again as results land, and the whole report once the study has ended.

    Args:
        folder: of a published study.
        out: the folder to write to.
        said: told where the page lies once it does.
        wait: waits for some seconds. If it is interrupted, the whole report is written, of what there is.
    """
    page = LivePage(folder, out)
    try:
        standing = page.refresh()
        said(out / "report.html")
        while not standing.is_finished:
            wait(page.wait_s)
            standing = page.refresh()
    except KeyboardInterrupt:
        pass  # a page that is left as it is would reload for ever
    return write_report(folder, out)
