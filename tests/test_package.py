"""The published wheel works without a checkout, beside packages of a user's own."""

import json
import os
import site
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import REPOSITORY

OBJECTIVE = """
import common
import jobs
import master.of_ceremonies
import results
import worker


def parabola(params, trial):
    assert (common.NAME, worker.NAME, jobs.NAME, results.NAME) == ("my common", "my worker", "my jobs", "my results")
    return (params["x"] - master.of_ceremonies.best()) ** 2
"""
STUDY = """
trials = 6
batch = 3
objective.name = 'parabola'
budget.epochs = 1
space.x = { type = 'float', low = 0, high = 4 }
"""


@dataclass
class Project:
    """A user's project whose packages have the names of our folders, and an environment with our wheel."""

    folder: Path
    environment: Path

    def call(self, *command: str) -> str:
        """Return what a command of the environment prints; it must exit with status 0."""
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        called = subprocess.run(
            [self.environment / "bin" / command[0], *command[1:]],
            cwd=self.folder,
            env=variables | {"PATH": f"{self.environment / 'bin'}:{variables['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
        assert called.returncode == 0, called.stdout + called.stderr
        return called.stdout


def _built(target: str, folder: Path, source: Path = REPOSITORY) -> Path:
    build = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    subprocess.run(build, cwd=source, check=True, capture_output=True, timeout=110)
    return next(folder.glob("hyperspool-*"))


def _files(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from a checkout."""
    return _built("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A separate environment with the wheel; its dependencies come from the environment of the tests."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True, timeout=110)
    packages = next(folder.glob("lib/python3*/site-packages"))
    # Python adds the path but ignores .pth files in it, so editable installs such as this checkout stay out.
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    install = [str(folder / "bin" / "pip"), "install", "--no-deps", "--no-index", "--quiet", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=110)
    return folder


@pytest.fixture
def project(environment: Path, tmp_path: Path) -> Project:
    for name in ("common", "master", "worker", "jobs", "results"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f'NAME = "my {name}"\n')
    (tmp_path / "master" / "of_ceremonies.py").write_text("def best():\n    return 2.0\n")
    (tmp_path / "mine.py").write_text(OBJECTIVE)
    (tmp_path / "mine.toml").write_text(STUDY)
    return Project(tmp_path, environment)


def test_wheel_installs_nothing_but_hyperspool(wheel: Path) -> None:
    names = _files(wheel)
    tops = {name.split("/")[0] for name in names}
    assert tops - {"hyperspool"} == {name for name in tops if name.endswith(".dist-info")}
    assert {"hyperspool/py.typed", "hyperspool/master/studies/presets/scenario6.toml"} <= names
    assert {"hyperspool/master/cli.py", "hyperspool/worker/loop.py", "hyperspool/common/claim.py"} <= names


def test_wheel_from_the_source_archive_holds_the_same_files(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(_built("sdist", tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    source = next(path for path in tmp_path.glob("hyperspool-*") if path.is_dir())
    assert _files(_built("wheel", tmp_path / "again", source)) == _files(wheel)


@pytest.mark.parametrize("command", [("hyperspool",), ("python", "-m", "hyperspool")], ids=" ".join)
def test_installed_wheel_runs_beside_packages_of_the_same_names(project: Project, command: list[str]) -> None:
    assert "scenario6" in {study["name"] for study in json.loads(project.call(*command, "studies", "--json"))}
    printed = project.call(*command, "run", "mine.toml", "--workers", "2", "--objective", "parabola=mine:parabola")
    assert "study mine is finished: 6 trials" in printed
    assert f"as a page: {' '.join(command)} report mine\n" in printed
    assert json.loads(project.call(*command, "status", "mine", "--json"))["counts"]["COMPLETE"] == 6
    assert "report.html" in project.call(*command, "report", "mine")


@pytest.mark.parametrize("command", [("hyperspool-worker",), ("python", "-m", "hyperspool.worker")], ids=" ".join)
def test_installed_worker_serves_beside_packages_of_the_same_names(project: Project, command: list[str]) -> None:
    printed = project.call(*command, "--exit-when-idle")
    assert "serves every study" in printed
    assert f"Usage: {' '.join(command)} " in project.call(*command, "--help")


def test_own_module_called_hyperspool_does_not_break_the_console_scripts(project: Project) -> None:
    (project.folder / "hyperspool.py").write_text("raise SystemExit('my own script')\n")
    printed = project.call("hyperspool", "run", "mine.toml", "--workers", "1", "--objective", "parabola=mine:parabola")
    assert "study mine is finished: 6 trials" in printed


def test_import_of_hyperspool_is_quick_and_brings_no_heavy_library() -> None:
    program = (
        "import sys, time; began_s = time.perf_counter(); import hyperspool; took_s = time.perf_counter() - began_s; "
        "heavy = {'torch', 'pandas', 'pydantic', 'numpy', 'optuna', 'rich', 'typer'} & set(sys.modules); "
        "print(took_s < 0.25, sorted(heavy), hyperspool.Measured(0.5).value)"
    )
    called = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert called.stdout == "True [] 0.5\n"


def test_editable_install_makes_the_checkouts_folders_no_packages(tmp_path: Path) -> None:
    program = (
        "import hyperspool.master, importlib.util as found; "
        "print([name for name in ('common', 'master', 'worker', 'tests') if found.find_spec(name)])"
    )
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    called = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=variables, capture_output=True, text=True, check=True
    )
    assert called.stdout == "[]\n"
