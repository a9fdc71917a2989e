"""The examples run as their own README says, in a copy."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Status
from tests.commands import call_here
from tests.processes import REPOSITORY, Processes, results_of

EXAMPLES = REPOSITORY / "examples"
REPAIR = "from hyperspool.worker.training.torchvision_import import torchvision_datasets\n\ntorchvision_datasets()\n"
"""Lightning imports torchvision, whose wheel does not fit a CPU build of torch."""


def run(name: str, processes: Processes, *options: str) -> None:
    """Run two trials of an example's study, by one worker, whose process imports the example's libraries once."""
    folder = processes.root / name
    if not folder.exists():
        shutil.copytree(EXAMPLES / name, folder)
    master = processes.master(folder / "study.toml", "--workers", "1", "--trials", "2", *options)
    assert "is finished: 2 trials" in processes.finish(master, deadline_s=100)
    study = tomllib.loads((folder / "study.toml").read_text()).get("name", "study")
    results = results_of(StudyFolder(processes.root, study))
    assert [result.status for result in results.values()] == [Status.COMPLETE] * 2
    assert len({result.value for result in results.values()}) == 2
    assert all(result.epochs for result in results.values()) is (name != "scikit-learn")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("pytorch-argparse", ("--epochs", "1")),
        ("click", ()),
        ("typer", ("--epochs", "2")),
        ("scikit-learn", ("--set", "space.max_iter=5")),
    ],
)
def test_example_runs_as_it_stands(processes: Processes, name: str, options: tuple[str, ...]) -> None:
    run(name, processes, *options)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="on Debian: apt-get install gcc libc6-dev")
def test_c_program_runs_once_it_is_built(processes: Processes) -> None:
    folder = shutil.copytree(EXAMPLES / "c-program", processes.root / "c-program")
    subprocess.run(["make", "-C", str(folder)], check=True, stdout=subprocess.DEVNULL)
    run("c-program", processes)


def test_lightning_reports_by_a_callback(processes: Processes) -> None:
    folder = shutil.copytree(EXAMPLES / "lightning", processes.root / "lightning")
    (folder / "train.py").write_text(REPAIR + (folder / "train.py").read_text())
    run("lightning", processes, "--epochs", "1")


def test_sweeps_become_studies(tmp_path: Path) -> None:
    for sweep in (EXAMPLES / "compared").glob("*.yaml"):
        out = tmp_path / f"{sweep.stem}.toml"
        assert call_here("master", "init", str(sweep), "--out", str(out)).returncode == 0
        assert "[space]" in out.read_text()
