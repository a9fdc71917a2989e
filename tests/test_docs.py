"""What the documentation names is there."""

import re

import pytest

from tests.processes import REPOSITORY

PAGES = sorted(path.relative_to(REPOSITORY) for path in (REPOSITORY / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_test_that_a_page_names_is_there(page: object) -> None:
    text = (REPOSITORY / str(page)).read_text()
    named = {name.rstrip("/.") for name in re.findall(r"\btests/[\w/.-]*\w", text)}
    assert [name for name in sorted(named) if not (REPOSITORY / name).exists()] == []


def test_every_fault_has_a_test_and_every_test_of_faults_a_fault() -> None:
    text = (REPOSITORY / "docs" / "reliability.md").read_text()
    tables = text[: text.index("## Figures")]
    rows = [line for line in tables.splitlines() if line.startswith("| ") and not line.startswith("| fault |")]
    assert [row for row in rows if not re.search(r"`tests/[\w/]+\.py`", row.rsplit("|", 2)[1])] == []
    folders = ("chaos", "faults", "hostile", "fuzz")
    tests = [path for name in folders for path in (REPOSITORY / "tests" / name).glob("test_*.py")]
    assert [path.name for path in tests if str(path.relative_to(REPOSITORY)) not in tables] == []
