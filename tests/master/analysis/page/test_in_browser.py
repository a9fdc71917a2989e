"""The report in a real browser: it opens from disk, makes no requests, and suits its reader."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from benchmarks.finished import write_study
from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.figures import best_so_far
from hyperspool.master.analysis.page import report, watching
from hyperspool.master.analysis.page.report import Written
from hyperspool.master.analysis.page.watching import LivePage
from tests.master.analysis.page.browsing import BAD, WIDE, mark_of, write_few

NARROW = ViewportSize(width=390, height=844)

pytestmark = pytest.mark.browser


def test_the_report_opens_from_disk_without_errors_or_requests(curved_report: Written, browser: Browser) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(curved_report.page.as_uri())
    page.wait_for_selector(".is-ready")
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
    page.close()


def test_the_report_fits_a_telephone_and_has_a_menu(curved_report: Written, browser: Browser) -> None:
    page = browser.new_page(viewport=NARROW)
    page.goto(curved_report.page.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    expect(page.locator("nav")).to_be_hidden()
    page.locator(".menu-label").click()
    page.get_by_role("link", name="Every trial").click()
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator("#every-trial")).to_be_in_viewport()
    page.close()


def test_the_report_can_be_read_without_javascript(mixed: Written, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(mixed.page.as_uri())
    assert page.locator("#every-trial tbody tr").count() == 12
    expect(page.locator("#best-so-far svg")).to_be_visible()
    assert page.locator("#every-trial button").count() == 0
    context.close()


def test_a_live_page_follows_and_keeps_what_was_chosen(
    curved_copy: StudyFolder, tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "sections", lambda data, _: [("Figures", best_so_far.figures(data))])
    monkeypatch.setattr(report, "answers", lambda *_: [])
    monkeypatch.setattr(watching, "SHORTEST_WAIT_S", 1.0)
    monkeypatch.setattr(watching, "REST", 0.0)
    hidden = curved_copy.result(BAD).rename(tmp_path / "later.json")
    live = LivePage(curved_copy, tmp_path / "out")
    live.refresh()
    page = browser.new_page(viewport=WIDE)
    page.goto((tmp_path / "out" / "report.html").as_uri())
    page.get_by_label("Choose trial 3", exact=True).check()
    row = page.locator(f"#every-trial tr[data-trial='{BAD}']")
    assert row.get_attribute("class") == "PENDING"
    hidden.rename(curved_copy.result(BAD))
    live.refresh()
    expect(row).to_have_class("COMPLETE", timeout=20_000)
    expect(page.get_by_label("Choose trial 3", exact=True)).to_be_checked()
    page.close()


def test_the_page_is_dark_by_system_and_by_button(page: Page) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(background) == "rgb(25, 25, 25)"
    page.get_by_role("button", name="Light", exact=True).click()
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="light")


def test_the_page_is_printed_whole_and_without_controls(page: Page) -> None:
    assert len(page.pdf()) > 20_000
    page.emulate_media(media="print")
    for name in (".side", ".filters", ".tools"):
        expect(page.locator(name).first).to_be_hidden()
    assert page.locator(".every").evaluate("table => table.scrollHeight === table.clientHeight")
    page.emulate_media(media="screen")


def test_a_thousand_trials_answer_at_once(browser: Browser, tmp_path: Path) -> None:
    written = write_few(write_study(tmp_path, 1000, 10), tmp_path / "out")
    page = browser.new_page(viewport=WIDE)
    page.goto(written.page.as_uri())
    page.wait_for_selector(".is-ready")
    x, y = mark_of(page, "value-by-parameter", 500)
    spent = page.evaluate(
        """async ([x, y]) => {
            await new Promise(requestIdleCallback);
            const picture = document.querySelector("#value-by-parameter .picture");
            const field = document.querySelector(".filters [name=text]");
            const time = (work) => {
                const begin = performance.now();
                work();
                document.body.offsetHeight;
                return performance.now() - begin;
            };
            const move = (by) => picture.dispatchEvent(
                new PointerEvent("pointermove", { clientX: x + by, clientY: y }));
            const type = (text) => { field.value = text; field.dispatchEvent(new Event("input")); };
            const hovers = [0, 3, 6, 9, 12].map((by) => time(() => move(by)));
            const filters = ["9", "99", "", "12", "1"].map((text) => time(() => type(text)));
            return [hovers, filters].map((all) => all.sort((a, b) => a - b)[2]);
        }""",
        [x, y],
    )
    hover_ms, filter_ms = spent
    assert hover_ms < 50
    assert filter_ms < 200
    page.close()
