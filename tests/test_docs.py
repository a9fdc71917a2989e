"""The documentation names only files, commands, options and presets that exist."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from hyperspool.common.contradictions import study_contradictions
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.cli import app as master_app
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.preset import preset_names
from hyperspool.master.studies.source import find_study
from hyperspool.worker.cli import app as worker_app
from tests.processes import REPOSITORY

PAGES = sorted(path.relative_to(REPOSITORY) for path in (REPOSITORY / "docs").rglob("*.md"))
GUIDES = [Path("README.md"), *PAGES]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_test_that_a_page_names_exists(page: object) -> None:
    text = (REPOSITORY / str(page)).read_text()
    named = {name.rstrip("/.") for name in re.findall(r"\btests/[\w/.-]*\w", text)}
    assert [name for name in sorted(named) if not (REPOSITORY / name).exists()] == []


def test_faults_on_the_page_and_fault_tests_match() -> None:
    text = (REPOSITORY / "docs" / "reliability.md").read_text()
    tables = text[: text.index("## Figures")]
    rows = [line for line in tables.splitlines() if line.startswith("| ") and not line.startswith("| fault |")]
    assert [row for row in rows if not re.search(r"`tests/[\w/]+\.py`", row.rsplit("|", 2)[1])] == []
    folders = ("chaos", "faults", "hostile", "fuzz")
    tests = [path for name in folders for path in (REPOSITORY / "tests" / name).glob("test_*.py")]
    assert [path.name for path in tests if str(path.relative_to(REPOSITORY)) not in tables] == []


def _written_studies(page: Path) -> Iterator[tuple[str, str]]:
    """Yield the study files that a page tells its reader to write: (name, text)."""
    text = (REPOSITORY / page).read_text()
    yield from re.findall(r"cat > \$ROOT/([\w-]+)\.toml <<'END'\n(.*?)\nEND\n", text, flags=re.DOTALL)


def _commands(page: Path) -> Iterator[list[str]]:
    """Yield the project's commands in a page's shell blocks, as words from the module's name on."""
    for block in re.findall(r"```sh\n(.*?)```", (REPOSITORY / page).read_text(), flags=re.DOTALL):
        without_files = re.sub(r"<<'END'\n.*?\nEND\n", "\n", block, flags=re.DOTALL).replace("\\\n", " ")
        for line in without_files.splitlines():
            if found := re.search(r"python -m (master|worker)\b(.*)", line.split(" # ", maxsplit=1)[0]):
                yield [found[1], *shlex.split(found[2].split(" > ", maxsplit=1)[0].rstrip("&; "))]


@pytest.mark.parametrize("page", GUIDES, ids=str)
def test_every_study_on_a_page_is_trainable(page: Path, tmp_path: Path) -> None:
    for name, text in _written_studies(page):
        path = tmp_path / f"{name}.toml"
        path.write_text(text)
        assert study_contradictions(find_study(str(path), tmp_path, Changes())) == ()


@pytest.mark.parametrize("page", GUIDES, ids=str)
def test_every_command_option_and_preset_on_a_page_exists(page: Path) -> None:
    apps = {"master": typer.main.get_command(master_app), "worker": typer.main.get_command(worker_app)}
    written = {f"$ROOT/{name}.toml" for name, _ in _written_studies(page)}
    for module, *words in _commands(page):
        command = apps[module]
        with command.make_context(module, [], resilient_parsing=True) as context:
            inner = command.get_command(context, words[0]) if words and hasattr(command, "get_command") else None
        options = {option for each in (inner or command).params for option in each.opts}
        assert {word.split("=")[0] for word in words if word.startswith("--")} - {"--help"} <= options, words
        if words[:1] == ["run"] and not words[1].startswith("-"):
            assert words[1] in {*preset_names(), *written} or words[1].endswith(".toml") or words[1].isupper(), words


@pytest.mark.parametrize("page", GUIDES, ids=str)
def test_pages_look_back_only_at_studies_they_ran(page: Path) -> None:
    there: set[str] = set()
    for module, *words in _commands(page):
        if module != "master" or len(words) < 2 or words[1].startswith("-"):
            continue
        if words[0] == "run" or (words[0] == "launch" and words[1].endswith(".toml")):
            there.add(_name_of_run(words[1:], there))
        else:
            assert words[1] in there, words


def _name_of_run(words: list[str], there: set[str]) -> str:
    name = Path(words[0]).stem + ("-quick" if "--quick" in words else "")
    if "--confirm" in words and name in there:
        finalists, replicates = (words[words.index(option) + 1] for option in ("--confirm", "--confirm-replicates"))
        return f"{name}-confirm-{finalists}x{replicates}"
    return name


def test_the_studies_in_the_readme_are_valid() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (REPOSITORY / "README.md").read_text(), flags=re.DOTALL)
    spec = StudySpec.model_validate({"name": "mine"} | tomllib.loads(blocks[0]))
    assert study_contradictions(spec) == ()
    ablation = StudySpec.model_validate(
        {"name": "mine", "objective": {"name": "cnn"}, "budget": {"epochs": 1}} | tomllib.loads(blocks[1])
    )
    assert ablation.ablation is not None
