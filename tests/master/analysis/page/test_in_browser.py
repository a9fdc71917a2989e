"""The report in a real browser: it opens from disk, shows its figures and makes no requests."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from hyperspool.master.analysis.page.report import Written

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NARROW = ViewportSize(width=390, height=844)

pytestmark = pytest.mark.browser


@pytest.fixture
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


def test_the_report_opens_from_disk_without_errors_or_requests(curved_report: Written, browser: Browser) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(curved_report.page.as_uri())
    shown = page.evaluate("[...document.querySelectorAll('.picture svg')].map(svg => svg.clientWidth > 100)")
    assert complaints == []
    assert [url for url in asked if not url.startswith("data:")] == [curved_report.page.as_uri()]
    assert len(shown) >= 5
    assert all(shown)
    assert page.locator("h1").inner_text() == "demo"
    assert page.locator("td", has_text="<b>bold</b>").count() > 0
    assert page.locator("td b").count() == 0
    links = page.evaluate("[...document.querySelectorAll('nav a')].every(a => document.querySelector(a.hash))")
    assert links is True


def test_the_report_fits_a_telephone_without_scrolling_sideways(curved_report: Written, browser: Browser) -> None:
    page = browser.new_page(viewport=NARROW)
    page.goto(curved_report.page.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
