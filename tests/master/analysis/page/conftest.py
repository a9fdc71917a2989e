"""One browser for all tests of the page, and one page of a study in which a trial failed and one waits."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from hyperspool.common import atomic
from hyperspool.common.file_kinds import ATTEMPT_LOG
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Failure, FailureKind, Result, Status
from hyperspool.master.analysis.page.report import Written
from tests.master.analysis.page.browsing import BAD, BROWSERS, HOSTILE, WAITING, WIDE, write_few


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


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
