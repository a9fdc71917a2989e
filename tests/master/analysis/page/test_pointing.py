"""The page answers to the mouse: trials are named, pinned, chosen and sorted, plots are zoomed."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hyperspool.master.analysis.page.report import Written
from tests.master.analysis.page.browsing import BAD, HOSTILE, WAITING, mark_of, shown_numbers

MARKS = "nodes => nodes.filter(node => !node.classList.contains('off')).length"

pytestmark = pytest.mark.browser


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
