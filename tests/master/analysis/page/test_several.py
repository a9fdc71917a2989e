"""The page of a study with several objectives, within limits."""

import re
from pathlib import Path

from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.page.report import write_report
from tests.master.analysis.data.test_trade_off import TRADE_OFF, studied


def test_page_shows_front_hypervolume_and_broken_constraints(root: Path, tmp_path: Path) -> None:
    studied(root, **TRADE_OFF)
    out = tmp_path / "report"
    page = write_report(StudyFolder(root, "demo"), out).page.read_text()
    facts = dict(re.findall(r'<div class="fact"><b>(.*?)</b><span>(.*?)</span>', page))
    assert facts["2"] == "trials on the front"
    assert "hypervolume of the front" in facts.values()
    assert "1 trial breaks speed &lt;= 8; such a trial is neither the best nor on the front." in page
    best = page[page.index('id="best"') :].split("</table>")[0]
    assert re.findall(r'<th.*?scope="col">(.*?)</th>', best)[:4] == ["trial", "error", "speed", "on front"]
    assert (out / "figures" / "front.png").exists()
    assert (out / "figures" / "hypervolume.svg").exists()
