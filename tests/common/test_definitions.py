from pathlib import Path

import pytest

from hyperspool.common.definitions import FunctionDefinition, OwnObjectives, definition_of, published_table
from hyperspool.common.errors import StudyError, UsageError

TABLE = {"trials": 3, "objective": {"function": "mine:valley", "direction": "maximise"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my.toml"
    path.write_text('objective.function = "mine:valley"\n')
    return path


def test_study_file_says_what_its_objective_stands_for(file: Path) -> None:
    own = OwnObjectives(study_files=(file,))
    assert own.definitions() == (FunctionDefinition("valley", "mine:valley", file.parent),)
    assert own.arguments == ["--study-file", str(file)]


def test_option_searches_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    own = OwnObjectives(("hill=mine.py:hill",))
    assert own.definitions() == (FunctionDefinition("hill", "mine.py:hill", tmp_path),)


def test_the_published_table_names_the_objective_alone(file: Path) -> None:
    assert published_table(TABLE, file) == {"trials": 3, "objective": {"name": "valley", "direction": "maximise"}}
    named = {"objective": {"name": "hill", "function": "mine:valley"}}
    assert published_table(named, file) == {"objective": {"name": "hill"}}
    built_in = {"objective": {"name": "cnn"}}
    assert published_table(built_in, file) is built_in


def test_study_that_defines_nothing_adds_no_file(file: Path) -> None:
    assert OwnObjectives().with_study(str(file)) == OwnObjectives(study_files=(file,))
    assert OwnObjectives(study_files=(file,)).with_study(str(file)) == OwnObjectives(study_files=(file,))
    assert OwnObjectives().with_study("scenario6") == OwnObjectives()
    file.write_text('objective.name = "cnn"\n')
    assert OwnObjectives().with_study(str(file)) == OwnObjectives()


@pytest.mark.parametrize(
    "said", [OwnObjectives(objectives=("valley=other:valley",)), OwnObjectives(commands=("valley=./valley {x}",))]
)
def test_option_goes_before_what_the_study_file_says(file: Path, said: OwnObjectives) -> None:
    assert said.with_study(str(file)) == said
    other = OwnObjectives(objectives=("hill=other:hill",))
    assert other.with_study(str(file)) == OwnObjectives(other.objectives, study_files=(file,))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("mine",), "expected NAME=MODULE:FUNCTION"),
        (("=mine:f",), "expected NAME=MODULE:FUNCTION"),
        (("mine=mine:",), "expected MODULE:FUNCTION or FILE.py:FUNCTION"),
        (("mine=mine:f()",), "expected MODULE:FUNCTION or FILE.py:FUNCTION"),
        (("cnn=mine:f",), "cnn is built in"),
        (("mine=mine:f", "mine=mine:g"), "mine is defined twice: mine=mine:f and mine=mine:g"),
    ],
)
def test_malformed_options_are_refused(options: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("(", r"\(").replace(")", r"\)")):
        OwnObjectives(options).definitions()


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('objective.name = "cnn"', "defines no objective"),
        ("objective.function = 3", "objective.function: found 3, expected a text"),
        ('objective.function = "valley"', "expected MODULE:FUNCTION or FILE.py:FUNCTION"),
        ('objective = { name = "cnn", function = "mine:valley" }', "cnn is built in"),
    ],
)
def test_malformed_study_files_are_refused(file: Path, toml: str, message: str) -> None:
    file.write_text(toml)
    with pytest.raises((UsageError, StudyError), match=message):
        OwnObjectives(study_files=(file,)).definitions()


def test_file_without_an_objective_defines_none(file: Path) -> None:
    assert definition_of({"objective": "mine:f"}, file) is None
    assert definition_of({}, file) is None
