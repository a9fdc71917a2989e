"""The project's English: phrases that no person would write, found in docstrings, comments, messages and pages."""

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("hyperspool", "tests", "docs", "benchmarks", "examples")
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")

# Each is a literal translation, an archaism or a slip, followed by the plain wording.
UNIDIOMATIC = {
    r"so (many|much) (seconds|trials|epochs|bytes|results|files)\b": "the number of seconds",
    r"(was|were|is|are|been) told\b": "received, was started with",
    r"tells? of\b": "mentions, records",
    r"(for )?want of\b": "for lack of",
    r"manieth\b": "number, index",
    r"claims? otherwise\b": "has another way to claim",
    r"anew\b": "again",
    r"in (its|their) stead\b": "instead",
    r"what came of\b": "the outcome of",
    r"(had|has|bears?) the name\b": "is named",
    r"sees? to it\b": "makes sure",
    r"(there|where)of\b": "of it, of which",
    r"lest\b": "so that not",
    r"a (evaluation|issue|own|attempt|epoch)\b": "an ...",
}
PHRASE = re.compile("|".join(rf"\b{phrase}" for phrase in UNIDIOMATIC), re.IGNORECASE)

LONGEST_TEST_NAME = 10
TEST_NAME = re.compile(r"def test_(\w+)")


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers and lines of what people read: of Python, its strings and comments; of other files, everything."""
    if path.suffix != ".py":
        yield from enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        return
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type in {tokenize.STRING, tokenize.COMMENT}:
                yield from enumerate(token.string.splitlines(), start=token.start[0])


def written_files() -> Iterator[Path]:
    for folder in FOLDERS:
        for suffix in ("py", "md"):
            # This file names what it forbids.
            yield from (path for path in (ROOT / folder).rglob(f"*.{suffix}") if path != Path(__file__))
    yield from (ROOT / page for page in PAGES if (ROOT / page).exists())


def slips(path: Path) -> list[str]:
    return [f"{path}:{number}: {line.strip()}" for number, line in prose(path) if PHRASE.search(line)]


def test_no_file_holds_a_phrase_that_nobody_writes() -> None:
    files = list(written_files())
    assert len(files) > len(FOLDERS)
    found = [slip for path in files for slip in slips(path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line", ['"""What came of it."""', "x = 1  # begins anew", "print('the worker was told')", "print('an own, a own')"]
)
def test_a_planted_phrase_is_found(tmp_path: Path, line: str) -> None:
    path = tmp_path / "planted.py"
    path.write_text(f"{line}\n", encoding="utf-8")
    assert len(slips(path)) == 1


def test_names_in_code_are_not_prose(tmp_path: Path) -> None:
    path = tmp_path / "named.py"
    path.write_text("def anew(lest): return lest\n", encoding="utf-8")
    assert not slips(path)


def test_names_of_tests_have_at_most_ten_words() -> None:
    names = [name for path in (ROOT / "tests").rglob("*.py") for name in TEST_NAME.findall(path.read_text("utf-8"))]
    too_long = [name for name in names if len(name.split("_")) > LONGEST_TEST_NAME]
    assert names
    assert not too_long, "\n".join(too_long)
