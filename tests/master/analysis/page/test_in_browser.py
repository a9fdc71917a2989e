"""The report in a real browser: it opens from disk, makes no requests, and answers to the mouse."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from benchmarks.report import write_study
from hyperspool.common import atomic
from hyperspool.common.file_kinds import ATTEMPT_LOG
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Failure, FailureKind, Result, Status
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures import best_so_far, curves, parallel_coordinates, value_panels
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.page import report, watching
from hyperspool.master.analysis.page.report import Written, write_report
from hyperspool.master.analysis.page.watching import LivePage

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NARROW, WIDE = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=900)
HOSTILE = "</script><img src=x onerror=alert(1)>"
BAD, WAITING = 5, 11
"""The trial that failed, and the one without a result."""
NUMBERS = "rows => rows.filter(row => !row.hidden).map(row => Number(row.dataset.trial))"
MARKS = "nodes => nodes.filter(node => !node.classList.contains('off')).length"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


def few_sections(data: StudyData, _: object) -> list[tuple[str, list[NamedFigure]]]:
    """Fewer figures, in less time."""
    modules = (best_so_far, value_panels, parallel_coordinates, curves)
    return [("Figures", [figure for module in modules for figure in module.figures(data)])]


def write_few(folder: StudyFolder, out: Path) -> Written:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "sections", few_sections)
        patch.setattr(report, "answers", lambda *_: [])
        return write_report(folder, out)


@pytest.fixture(scope="module")
def mixed(curved_study: StudyFolder, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The report of a study in which a trial failed, and one has no result yet."""
    root = tmp_path_factory.mktemp("mixed")
    shutil.copytree(curved_study.root, root, dirs_exist_ok=True)
    folder = StudyFolder(root, "demo")
    traceback = "\n".join(["Traceback:", *(f"  line {number}" for number in range(30)), HOSTILE])
    failure = Failure(kind=FailureKind.EXCEPTION, message=HOSTILE, traceback=traceback)
    old = read_record(folder.result(BAD), Result)
    bad = old.model_copy(update={"status": Status.FAILED, "value": None, "failure": failure})
    atomic.replace(folder.result(BAD), bad.to_json(), durable=False)
    folder.path(ATTEMPT_LOG, AttemptName(Issue(BAD, 0, old.issue), old.attempt)).write_text(f"printed {HOSTILE}\n")
    folder.result(WAITING).unlink()
    return write_few(folder, folder.report)


@pytest.fixture(scope="module")
def shown(mixed: Written, browser: Browser) -> Page:
    page = browser.new_page(viewport=WIDE)
    page.set_default_timeout(10_000)
    page.goto(mixed.page.as_uri())
    return page


@pytest.fixture
def page(shown: Page) -> Page:
    shown.evaluate("sessionStorage.clear()")
    shown.reload()
    shown.wait_for_selector(".is-ready")
    return shown


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
    found: list[int] = page.locator("#every-trial tbody tr").evaluate_all(NUMBERS)
    return found


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


def test_the_pointer_over_a_dot_names_its_trial(page: Page) -> None:
    page.mouse.move(*mark_of(page, "best-so-far", 3))
    said = page.locator("#tip").inner_text()
    assert said.startswith("Trial 3, COMPLETE")
    assert re.search(r"\nx: 0\.\d+\nkind: (<b>bold</b>|plain & simple)\n", said)
    page.mouse.move(5, 5)
    expect(page.locator("#tip")).to_be_hidden()


def test_a_click_pins_a_trial_in_every_figure(page: Page, mixed: Written) -> None:
    page.mouse.click(*mark_of(page, "best-so-far", 3))
    for figure in ("best-so-far", "value-by-parameter", "parallel-coordinates"):
        assert page.locator(f"#{figure} .halo.pinned").count() > 0
    detail = page.locator("#detail")
    assert detail.locator("h2").inner_text().startswith("Trial 3")
    expect(detail.locator(".curve polyline")).to_be_visible()
    links = {link.inner_text(): link.get_attribute("href") for link in detail.locator("a").all()}
    assert {"result", "curve"} <= links.keys()
    assert all((mixed.page.parent / str(href)).is_file() for href in links.values())
    page.keyboard.press("Escape")
    expect(detail).to_be_hidden()
    assert page.locator(".halo.pinned").count() == 0


def test_a_failed_trial_shows_how_it_ended_as_text(page: Page) -> None:
    page.locator("#every-trial").get_by_role("button", name=str(BAD), exact=True).click()
    detail = page.locator("#detail")
    message, trace, printed = (detail.locator(name).first for name in (".failure", "pre >> nth=0", "pre >> nth=1"))
    assert message.inner_text() == HOSTILE
    assert trace.inner_text().startswith("[20 lines before]")
    assert trace.inner_text().endswith(HOSTILE)
    assert printed.inner_text() == f"printed {HOSTILE}"
    assert page.locator("img").count() == 0


def test_a_trial_without_a_result_is_marked_and_explained(page: Page) -> None:
    row = page.locator(f"#every-trial tr[data-trial='{WAITING}']")
    assert row.locator("td").nth(1).inner_text() == "PENDING"
    expect(page.get_by_text("A PENDING trial waits for a worker.")).to_be_visible()


def test_the_table_sorts_and_filters(page: Page) -> None:
    heading = page.locator("#every-trial thead").get_by_role("button", name="x", exact=True)
    heading.click()
    ascending = shown_numbers(page)
    heading.click()
    assert shown_numbers(page) == ascending[::-1]
    assert ascending != sorted(ascending)
    page.get_by_label("Status").select_option("FAILED")
    assert shown_numbers(page) == [BAD]
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Text").fill("bold")
    bold = shown_numbers(page)
    assert 0 < len(bold) < 12
    assert f"{len(bold)} of 12 trials" in page.locator(".filters").inner_text()
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Range of").select_option(label="x")
    page.get_by_label("to", exact=True).fill("0.05")
    assert set(shown_numbers(page)) == set(ascending[: len(shown_numbers(page))]) != set()


def test_the_rows_that_are_shown_are_saved_as_csv(page: Page, tmp_path: Path) -> None:
    page.get_by_label("Text").fill("plain & simple")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    assert download.value.suggested_filename == "demo-trials.csv"
    download.value.save_as(tmp_path / "saved.csv")
    lines = (tmp_path / "saved.csv").read_text().splitlines()
    assert lines[0].startswith("trial,status,")
    assert [int(line.split(",")[0]) for line in lines[1:]] == shown_numbers(page)


def test_chosen_rows_are_chosen_in_every_figure(page: Page) -> None:
    marks = page.locator("#best-so-far [data-trials] > use")
    everything = marks.evaluate_all(MARKS)
    page.get_by_label("Choose trial 3", exact=True).check()
    assert marks.evaluate_all(MARKS) == 1 < everything
    assert page.locator("#parallel-coordinates [data-trials] > path").evaluate_all(MARKS) == 1
    page.get_by_role("button", name="Choose none").click()
    assert marks.evaluate_all(MARKS) == everything


def test_a_brush_on_parallel_coordinates_chooses_rows(page: Page) -> None:
    svg = page.locator("#parallel-coordinates svg")
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    _, y = mark_of(page, "parallel-coordinates", 3)
    assert box is not None
    left = page.locator("#parallel-coordinates .parallel [data-trials] > path").first.bounding_box()
    assert left is not None
    page.mouse.move(left["x"], y)
    page.mouse.down()
    page.mouse.move(left["x"], box["y"] + 5)
    page.mouse.up()
    chosen = page.locator("#every-trial tr.chosen").count()
    assert 0 < chosen < 12
    assert page.locator("#best-so-far [data-trials] > use").evaluate_all(MARKS) <= chosen
    assert page.locator(".brush").count() == 1
    page.get_by_role("button", name="Choose none").click()
    assert page.locator(".brush").count() == 0


def test_a_drag_zooms_and_a_button_shows_the_whole(page: Page) -> None:
    before = mark_of(page, "best-so-far", 3)
    figure = page.locator("#best-so-far")
    figure.locator(".tools").wait_for()
    page.mouse.move(before[0] - 20, before[1] - 20)
    page.mouse.down()
    page.mouse.move(before[0] + 20, before[1] + 20)
    page.mouse.up()
    assert figure.locator(".own-ticks text").count() > 2
    expect(page.locator("#detail")).to_be_hidden()
    figure.get_by_role("button", name="Whole figure").click()
    assert figure.locator(".own-ticks").count() == 0
    assert mark_of(page, "best-so-far", 3) == pytest.approx(before, abs=0.1)


def test_an_axis_becomes_logarithmic_and_linear_again(page: Page) -> None:
    figure = page.locator("#best-so-far")
    box = figure.get_by_label("logarithmic across")
    first, third, last = (mark_of(page, "best-so-far", trial)[0] for trial in (0, 3, 10))
    box.check()
    moved = [mark_of(page, "best-so-far", trial)[0] for trial in (0, 3, 10)]
    assert (moved[1] - moved[0]) / (moved[2] - moved[0]) > (third - first) / (last - first) + 0.2
    box.uncheck()
    assert mark_of(page, "best-so-far", 3)[0] == pytest.approx(third, abs=0.1)


def test_curves_against_epochs_or_time_take_the_whole_width(page: Page) -> None:
    figure = page.locator("figure:has(.side)").first
    side = figure.locator(".tools select")
    widths = "plots => plots.map(plot => plot.getBoundingClientRect().width)"
    line = figure.locator(".side [data-trials] > path")
    before = line.evaluate_all(widths)
    side.select_option(index=1)
    after = line.evaluate_all(widths)
    assert after[0] > 1.8 * before[0]
    assert after[-1] == 0
    assert figure.locator(".own-ticks text").count() > 4
    side.select_option(index=2)
    assert line.evaluate_all(widths)[0] == 0 < before[-1] * 1.8 < line.evaluate_all(widths)[-1]
    side.select_option("both")
    assert line.evaluate_all(widths) == pytest.approx(before, abs=0.5)


def test_a_reload_keeps_what_was_chosen(page: Page) -> None:
    page.get_by_label("Choose trial 3", exact=True).check()
    page.locator("#every-trial").get_by_role("button", name="4", exact=True).click()
    page.get_by_label("Status").select_option("COMPLETE")
    page.reload()
    assert page.locator("#detail h2").inner_text().startswith("Trial 4")
    assert page.locator("#every-trial tr.chosen").count() == 1
    assert BAD not in shown_numbers(page)


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
