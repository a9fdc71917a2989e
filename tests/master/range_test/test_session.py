"""`python -m master lr-range-test` with a real worker on real digits."""

import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

from hyperspool.common.curve import read_curve
from hyperspool.common.layout import StudyFolder
from tests.processes import REPOSITORY, leftovers, results_of


def call(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "master", "lr-range-test", "--root", str(root), *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


SHORT = ("--objective", "mlp", "--epochs", "12", "--from", "1e-4", "--to", "0.5", "--log")


def test_real_test_draws_its_curve_and_writes_a_study(root: Path) -> None:
    called = call(root, *SHORT)
    assert called.returncode == 0, called.stdout + called.stderr
    folder = StudyFolder(root, "mlp-digits-lr-range")
    curve = read_curve(folder.curve(0))
    assert [epoch.epoch for epoch in curve] == list(range(1, 13))
    assert curve[-1].metrics["learning_rate"] == 0.5
    assert all(later.metrics["learning_rate"] > sooner.metrics["learning_rate"] for sooner, later in pairwise(curve))
    written = tomllib.loads((folder.report / "mlp-digits-lr-range-triangular.toml").read_text())["space"]
    assert written["schedule"] == "triangular"
    assert 1e-4 < written["eta_min"] < written["eta_max"] <= 0.5
    assert f"eta_max = {written['eta_max']!r}" in called.stdout
    assert "study mlp-digits-lr-range is finished: 1 trial; this run took " in called.stdout
    assert f"results and curves: {folder.trials}\n" in called.stdout
    for of_a_search in ("the best", "more of them", "as a page"):
        assert of_a_search not in called.stdout
    assert all((folder.report / "figures" / f"lr-range.{ending}").stat().st_size for ending in ("png", "svg"))
    assert leftovers(folder) == []

    before = results_of(folder)
    again = call(root, *SHORT, "--workers", "0")
    assert again.returncode == 0
    assert results_of(folder) == before

    other = call(root, *SHORT, "--set", "seed=5")
    assert other.returncode == 2
    assert "--set name=OTHER" in other.stderr
    assert "seed: published 0, now 5" in other.stderr


def test_where_nothing_is_learned_nothing_is_proposed(root: Path) -> None:
    called = call(root, "--objective", "mlp", "--epochs", "3", "--from", "1e-9", "--to", "1e-8")
    assert called.returncode == 1
    assert "no range is proposed: accuracy never rose" in called.stdout
    assert not list(StudyFolder(root, "mlp-digits-lr-range").report.glob("*.toml"))
