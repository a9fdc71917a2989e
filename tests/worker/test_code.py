"""Which code an objective runs."""

import os
from pathlib import Path

import pytest

from hyperspool.common.commands import CommandDefinition
from hyperspool.common.definitions import Definition, FunctionDefinition
from hyperspool.common.layout import StudyFolder
from hyperspool.master.results.software import difference_sentences
from hyperspool.master.results.standing import open_standing
from hyperspool.worker.code import ObjectiveCode, sources_of
from tests.processes import Processes, results_of

SOURCES = {
    "mine.py": "import json, numpy, parts.deep\nfrom parts import near\n\n\ndef f(p, t):\n    import late\n",
    "parts/__init__.py": "",
    "parts/deep.py": "from . import far\n",
    "parts/far.py": "",
    "parts/near.py": "import mine\n",
    "late.py": "import broken\n",
    "broken.py": "def f(:\n",
    "unused.py": "",
    "data.csv": "1",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        path = tmp_path / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "own"


@pytest.mark.parametrize("target", ["mine:f", "mine.py:f"])
def test_sources_are_the_modules_that_it_imports(folder: Path, target: str) -> None:
    found = {str(path.relative_to(folder)) for path in sources_of(FunctionDefinition("f", target, folder))}
    assert found == SOURCES.keys() - {"unused.py", "data.csv"}


def test_sources_of_a_command_are_the_files_that_it_names(folder: Path) -> None:
    parts = ("python", "late.py", "--data", "data.csv", "{x}", "--no-such", "gone.py")
    found = {path.name for path in sources_of(CommandDefinition("f", parts, folder))}
    assert found == {"late.py", "broken.py", "data.csv"}


@pytest.mark.parametrize("target", ["json:dumps", "no_such_module:f"])
def test_code_outside_the_persons_folder_has_no_digest(folder: Path, target: str) -> None:
    code = ObjectiveCode((FunctionDefinition("f", target, folder),))
    assert code.digest("f") is None
    assert code.digest("cnn") is None


def test_digest_follows_every_change_and_only_changes(folder: Path) -> None:
    definition: Definition = FunctionDefinition("f", "mine:f", folder)
    code = ObjectiveCode((definition,))
    first = code.digest("f")
    os.utime(folder / "late.py", (1, 1))
    assert code.digest("f") == ObjectiveCode((definition,)).digest("f") == first
    (folder / "parts" / "far.py").write_text("x = 1\n")
    second = code.digest("f")
    (folder / "mine.py").write_text("import unused\n")
    third = code.digest("f")
    (folder / "unused.py").write_text("y = 1\n")
    assert len({first, second, third, code.digest("f")}) == 4
    (folder / "mine.py").write_text(SOURCES["mine.py"])
    assert code.digest("f") == second


EDITS_ITSELF = """from pathlib import Path


def loss(params, trial):
    path = Path(__file__)
    path.write_text(path.read_text().replace("+ 100", "+ 2000"))
    return params["x"] + 100
"""


def test_edited_code_runs_and_is_told_apart(root: Path, processes: Processes, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "edited.py").write_text(EDITS_ITSELF)
    study = own / "loss.toml"
    study.write_text(
        'trials = 3\nobjective.function = "edited:loss"\nbudget.epochs = 1\n[space]\nx = [0.0, 0.5, 1.0]\n'
    )
    processes.finish(processes.master(study, "--workers", "1"))
    folder = StudyFolder(root, "loss")
    results = results_of(folder)
    assert [(result.value or 0) - float(result.params["x"]) for result in results.values()] == [100, 2000, 2000]
    standing = open_standing(folder)
    assert sorted(version.results for version in standing.software["code"]) == [1, 2]
    (sentence,) = difference_sentences(standing.software)
    assert "the objective's code was changed between its results" in sentence
    assert "the code of loss has changed" in (folder.logs / "worker-1.log").read_text()
