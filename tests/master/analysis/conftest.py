"""A finished study with curves, made once by real processes, and the study's report."""

import shutil
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.page.report import Written, write_report
from tests.processes import Processes

STUDY = """
trials = 12
batch = 6
objective.name = "curved"
budget.epochs = 3
[space]
x = { type = "float", low = 0.001, high = 1.0, log = true }
kind = ["<b>bold</b>", "plain & simple"]
"""


@pytest.fixture(scope="session")
def curved_study(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """A study for reading alone. A test that changes files takes `curved_copy`."""
    root = tmp_path_factory.mktemp("curved")
    for name in ("jobs", "results"):
        (root / name).mkdir()
    study = root / "demo.toml"
    study.write_text(STUDY)
    processes = Processes(root)
    try:
        processes.finish(processes.master(study, "--workers", "2", "--objective", "curved=tests.objectives:curved"))
    finally:
        processes.kill_all()
    return StudyFolder(root, "demo")


@pytest.fixture
def curved_copy(curved_study: StudyFolder, tmp_path: Path) -> StudyFolder:
    shutil.copytree(curved_study.root, tmp_path / "copy")
    return StudyFolder(tmp_path / "copy", "demo")


@pytest.fixture(scope="session")
def curved_report(curved_study: StudyFolder, tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_report(curved_study, tmp_path_factory.mktemp("report"))
