"""An ablation from a user's view: a study file, a run that is killed and resumed, the table in every format."""

import json
import re
import signal
from functools import partial
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.master.results.standing import open_standing
from tests.commands import call_here, refused
from tests.finished import Finished, run_to_its_end
from tests.processes import Processes, results_of, until

ABLATION = """
batch = 6
objective.name = "bettered"
budget.epochs = 1
sampler = { name = "coarse-to-fine", rounds = 2, keep = 2 }
confirm.replicates = 3

[ablation]
settings = 6
base = { good = 0, bad = 0 }
improvements = [
  { name = "a good idea", params = { good = 1 } },
  { name = "a bad idea", params = { bad = 1 } },
]

[space]
good = [0, 1]
bad = [0, 1]
x = { type = "float", low = 0.0, high = 1.0 }
"""
OBJECTIVE = ("--objective", "bettered=tests.objectives:bettered")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "ideas.toml"
    path.write_text(ABLATION)
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The ablation, run to its end by two workers."""
    return run_to_its_end(tmp_path_factory.mktemp("ablation"), "ideas", ABLATION, "--workers", "2", *OBJECTIVE)


def _has_results(folder: StudyFolder, count: int) -> bool:
    return folder.spec.exists() and len(results_of(folder)) >= count


def test_an_ablation_says_which_idea_helps(root: Path, finished: Finished, tmp_path: Path) -> None:
    finished.copy(root)
    printed = finished.printed
    assert "24 trials of bettered" in printed
    assert "6 to tune each of 4 test cases, in 2 rounds; then the best setting of each again, 3 times" in printed
    assert "Better than the base, by 3 fresh replicates of each case's best setting: a good idea (+" in printed
    assert "Worse: a bad idea (-0." in printed
    place = ["--root", str(root)]
    shown = call_here("master", "ablation", "ideas", *place).stdout
    assert "a good idea + a bad idea" in shown
    assert "Worse: a bad idea" in shown
    assert call_here("master", "ablation", "ideas", "--format", "markdown", *place).stdout.startswith("| test case |")
    lines = tmp_path / "trials.jsonl"
    assert call_here("master", "export", "ideas", "--format", "jsonl", "--out", str(lines), *place).returncode == 0
    named = [
        (row["test_case"], row["params"]["good"], row["params"]["bad"])
        for row in map(json.loads, lines.read_text().splitlines())
    ]
    assert set(named) == {
        ("base", 0, 0),
        ("a good idea", 1, 0),
        ("a bad idea", 0, 1),
        ("a good idea + a bad idea", 1, 1),
    }
    out = tmp_path / "table.tex"
    assert call_here("master", "ablation", "ideas", "--out", str(out), *place).returncode == 0
    assert r"\toprule" in out.read_text()
    assert call_here("master", "report", "ideas", *place).returncode == 0
    report = root / "results" / "ideas" / "report"
    assert {f"ablation{ending}" for ending in (".md", ".csv", ".tex")} < {
        path.name for path in (report / "tables").iterdir()
    }
    assert (report / "figures" / "ablation.png").exists()
    page = (report / "report.html").read_text()
    assert "Which improvement helps?" in page
    # Over the trials of all test cases together no parameter's effect can be measured, and there is no single search
    # to simulate.
    assert not {"Which parameters matter?", "Which parameters mattered", "As a random search"} & set(
        re.split("[<>]", page)
    )


def test_ablation_is_the_same_when_killed_in_every_round(root: Path, processes: Processes, study: Path) -> None:
    processes.finish(processes.master(study, "--workers", "1", "--set", "name=whole", *OBJECTIVE))
    worker = processes.worker("--study", "ideas", *OBJECTIVE)
    folder = StudyFolder(root, "ideas")
    for count in (3, 11, 15, 26):
        master = processes.master(study)
        until(partial(_has_results, folder, count), f"{count} results", root)
        master.send_signal(signal.SIGKILL)
        master.wait(30)
    processes.finish(processes.master(study))
    assert worker.poll() is None
    again, whole = results_of(folder), results_of(StudyFolder(root, "whole"))
    assert [(again[trial].params, again[trial].value) for trial in sorted(again)] == [
        (whole[trial].params, whole[trial].value) for trial in sorted(whole)
    ]
    journal = open_standing(folder).journal
    assert journal.entries == open_standing(StudyFolder(root, "whole")).journal.entries
    for trial, result in again.items():
        assert result.stage == journal.stage(trial)
        assert result.stage
        assert result.params["good"] == (result.stage.case in {1, 3})


def test_another_study_is_refused_as_no_ablation(root: Path, folder: StudyFolder) -> None:
    assert "study demo is not an ablation" in refused("master", "ablation", folder.name, "--root", str(root))


def test_what_an_ablation_does_not_allow_is_refused(root: Path, finished: Finished, study: Path) -> None:
    finished.copy(root)
    place = ["--root", str(root)]
    assert "no search to simulate" in refused("master", "simulate", "ideas", *place)
    assert "expected 24: 4 cases of 6 settings each" in refused("master", "run", str(study), "--trials", "7", *place)
    assert "there is no folder" in refused("master", "ablation", "ideas", "--out", str(root / "no" / "x.md"), *place)
