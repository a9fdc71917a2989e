"""The report in a real browser: it opens from disk, shows its figures, asks nobody for anything."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from common.layout import StudyFolder
from master.analysis.report import write_report
from tests.processes import Processes

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NARROW = ViewportSize(width=390, height=844)

pytestmark = pytest.mark.browser

STUDY = """
trials = 12
batch = 6
objective.name = "curved"
budget.epochs = 3
[space]
x = { type = "float", low = 0.001, high = 1.0, log = true }
kind = ["<b>bold</b>", "plain & simple"]
"""


@pytest.fixture
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page_file(root: Path, processes: Processes, tmp_path: Path) -> Path:
    study = tmp_path / "demo.toml"
    study.write_text(STUDY)
    definition = "curved=tests.objectives:curved"
    processes.finish(processes.master(study, "--workers", "2", "--objective", definition))
    return write_report(StudyFolder(root, "demo"), tmp_path / "report").page


def test_the_report_opens_from_disk_without_errors_or_requests_and_shows_every_figure(
    page_file: Path, browser: Browser
) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    shown = page.evaluate("[...document.images].map(image => image.complete && image.naturalWidth > 100)")
    assert complaints == []
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert len(shown) >= 5
    assert all(shown)
    assert page.locator("h1").inner_text() == "demo"
    assert page.locator("td", has_text="<b>bold</b>").count() > 0
    assert page.locator("td b").count() == 0
    links = page.evaluate("[...document.querySelectorAll('nav a')].every(a => document.querySelector(a.hash))")
    assert links is True


def test_the_report_fits_a_telephone_without_scrolling_sideways(page_file: Path, browser: Browser) -> None:
    page = browser.new_page(viewport=NARROW)
    page.goto(page_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
