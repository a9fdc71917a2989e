"""The finished study that the tests of fsck damage."""

import shutil
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.fsck.inspection import read_spec
from tests.master.fsck.finished import run_to_its_end

STUDY = """
trials = 10
batch = 4
objective.name = "curved"
budget.epochs = 3
space.x = { type = "float", low = 0, high = 1 }
"""


@pytest.fixture(scope="module", params=["lock", "lease"])
def finished(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    root = tmp_path_factory.mktemp("finished")
    study = root / "demo.toml"
    study.write_text(f'claim = "{request.param}"\n{STUDY}')
    run_to_its_end(root)
    return StudyFolder(root, "demo")


@pytest.fixture
def folder(finished: StudyFolder, tmp_path: Path) -> StudyFolder:
    """A copy of a finished study, to be damaged."""
    shutil.copytree(finished.root, tmp_path / "copy")
    return StudyFolder(tmp_path / "copy", "demo")


@pytest.fixture
def spec(folder: StudyFolder) -> StudySpec:
    found = read_spec(folder)
    assert isinstance(found, StudySpec)
    return found
