"""What is published is the wheel: it must work where there is no checkout."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.processes import REPOSITORY


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True, timeout=120)
    return next(target.glob("hyperspool-*.whl"))


def test_the_wheel_holds_the_three_packages_the_presets_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops - {"master", "worker", "common"} == {name for name in tops if name.endswith(".dist-info")}
    assert "master/studies/scenario6.toml" in names
    assert {"master/py.typed", "worker/py.typed", "common/py.typed"} <= set(names)


def test_the_installed_wheel_runs_a_study_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (elsewhere / "mine.py").write_text("def parabola(params, trial):\n    return (params['x'] - 2) ** 2\n")
    (elsewhere / "mine.toml").write_text(
        "trials = 6\nbatch = 3\nobjective.name = 'parabola'\nbudget.epochs = 1\n"
        "space.x = { type = 'float', low = 0, high = 4 }\n"
    )
    environment = os.environ | {"PYTHONPATH": str(site)}

    def call(*arguments: str) -> str:
        command = [sys.executable, "-m", "master", *arguments]
        called = subprocess.run(
            command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False, timeout=100
        )
        assert called.returncode == 0, called.stdout + called.stderr
        return called.stdout

    where = [sys.executable, "-c", "import master; print(master.__file__)"]
    found = subprocess.run(where, cwd=elsewhere, env=environment, capture_output=True, text=True, check=True).stdout
    assert str(site) in found
    assert "scenario6" in {study["name"] for study in json.loads(call("studies", "--json"))}
    printed = call("run", "mine.toml", "--workers", "2", "--objective", "parabola=mine:parabola")
    assert "study mine is finished: 6 trials" in printed
    assert json.loads(call("status", "mine", "--json"))["counts"]["COMPLETE"] == 6
    assert "report.html" in call("report", "mine")
    assert sorted(path.name for path in elsewhere.iterdir() if path.is_dir() and path.name[0] not in "_.") == [
        "jobs",
        "results",
    ]
