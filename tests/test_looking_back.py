"""What status, top, export and simulate print about a study, as text and as JSON."""

import json
import shutil
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.study_spec import StudySpec
from tests.commands import call_here, refused, said
from tests.conftest import MakeStudy
from tests.finished import Finished
from tests.processes import Processes, results_of, until

CURVED = """
sampler.name = "grid"
objective.name = "curved"
budget.epochs = 2
space.x = [0.1, 0.2, 0.3]
space.base = 7
"""
SCORED = """
sampler.name = "grid"
objective = { name = "scored", measure = "accuracy", direction = "maximize" }
budget.epochs = 5
space.x = [0.1, 0.2]
"""


def test_command_line_looks_back_at_a_finished_study(root: Path, processes: Processes, tmp_path: Path) -> None:
    study = tmp_path / "demo.toml"
    study.write_text(CURVED)
    processes.finish(processes.master(study, "--workers", "1", "--objective", "curved=tests.objectives:curved"))
    place = ["--root", str(root)]
    within = json.loads(call_here("master", "top", "demo", "--within-epochs", "1", "-k", "1", "--json", *place).stdout)
    assert [(found["trial"], found["epoch"]) for found in within] == [(0, 1)]
    assert within[0]["value"] == pytest.approx(0.02 + 0.1 / 2 + 0.4)
    assert within[0]["params"] == {"x": 0.1, "base": 7}
    table = call_here("master", "top", "demo", "--within-seconds", "60", *place).stdout
    assert "lowest validation error" in table
    assert table.count("base") == 1
    assert table.endswith("the same in all trials: base=7\n")
    assert (
        "no trial has reported a validation error within that"
        in call_here("master", "top", "demo", "--within-seconds", "0", *place).stdout
    )
    simulated = call_here("master", "simulate", "demo", "--runs", "50", *place)
    assert "exact median" in simulated.stdout
    assert (root / "results" / "demo" / "report" / "figures" / "simulated-search.png").exists()
    assert len(json.loads(call_here("master", "simulate", "demo", "--json", *place).stdout)["exact"]["median"]) == 3
    lines = tmp_path / "out.jsonl"
    exported = call_here("master", "export", "demo", "--format", "jsonl", "--out", str(lines), *place)
    assert exported.returncode == 0
    rows = [json.loads(line) for line in lines.read_text().splitlines()]
    assert all({"trial", "status", "value", "params", "attempts"} <= row.keys() for row in rows)
    assert [row["params"] for row in rows] == [{"x": x, "base": 7} for x in (0.1, 0.2, 0.3)]


def test_a_study_goes_by_its_own_measure_everywhere(root: Path, processes: Processes, tmp_path: Path) -> None:
    study = tmp_path / "demo.toml"
    study.write_text(SCORED)
    printed = processes.finish(
        processes.master(study, "--workers", "1", "--objective", "scored=tests.objectives:scored")
    )
    assert "trial  accuracy" in printed
    folder, place = StudyFolder(root, "demo"), ["--root", str(root)]
    assert folder.curve(0).read_text().startswith("epoch,seconds,accuracy,f1\n1,")
    result = results_of(folder)[0]
    assert result.best_epoch == 4
    assert result.best_value == pytest.approx(0.9 * 0.9)
    assert read_record(folder.spec, StudySpec).objective.direction == "maximise"
    assert "best accuracy 0.36" in call_here("master", "status", "demo", *place).stdout
    assert "highest accuracy" in call_here("master", "top", "demo", "--within-epochs", "3", *place).stdout
    found = call_here(
        "master", "top", "demo", "--within-epochs", "3", "--metric", "f1", "-k", "1", "--json", *place
    ).stdout
    assert [(row["metric"], row["epoch"], row["value"]) for row in json.loads(found)] == [
        ("f1", 2, pytest.approx(0.9 * 0.7 / 2))
    ]
    assert "needs --within-epochs" in refused("master", "top", "demo", "--metric", "f1", *place)


def test_what_cannot_be_looked_back_at_is_one_message(root: Path, folder: StudyFolder, tmp_path: Path) -> None:
    place = ["--root", str(root)]
    for command in ("report", "export", "simulate"):
        assert "no study 'gone'" in refused("master", command, "gone", *place)
    assert "no finished trial yet" in refused("master", "simulate", "demo", *place)
    assert "there is no folder" in refused("master", "export", "demo", "--out", str(tmp_path / "no" / "x.csv"), *place)


def test_own_studies_are_listed_and_an_empty_folder_says_so(root: Path, finished_square: Finished) -> None:
    assert "yet" in call_here("master", "status", "--root", str(root)).stdout
    assert said("master", "studies", "--root", str(root)).startswith("preset ")
    finished_square.copy(root)
    shutil.copytree(root / "jobs/demo", root / "jobs/scenario6")
    published = root / "jobs/scenario6/study.json"
    published.write_text(published.read_text().replace('"demo"', '"scenario6"'))
    lines = said("master", "studies", "--root", str(root)).splitlines()
    assert lines[0] == f"in {root}:"
    assert [line.split()[:3] for line in lines[1:4]] == [
        ["study", "state", "done"],
        ["demo", "finished", "4/4"],
        ["scenario6", "stopped", "0/4"],
    ]
    assert lines[5].startswith("preset ")
    listed = json.loads(said("master", "studies", "--root", str(root), "--json"))
    assert listed[:2] == [
        {"name": "demo", "title": "", "state": "finished"},
        {"name": "scenario6", "title": "", "state": "stopped"},
    ]


def test_status_watched_into_a_pipe_ends_with_the_study(
    root: Path, processes: Processes, finished_square: Finished
) -> None:
    folder = StudyFolder(finished_square.copy(root), "demo")
    last = folder.result(3).rename(root / "last.json")
    watching = processes.start("master", "status", "demo", "--watch", "--root", str(root))
    until(lambda: processes.output(watching).count("the last results") > 1, "the second picture", root)
    assert "stopped since" in processes.output(watching)
    last.rename(folder.result(3))
    assert watching.wait(30) == 0
    assert "finished since" in processes.output(watching)


def test_status_top_and_run_speak_json_and_text(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    study = make_study("raising", trials=8, batch=8)
    master = processes.master(study, "--workers", "2", "--objective", "raising=tests.objectives:raising")
    assert master.wait(60) == 0
    printed = processes.output(master)
    assert "is finished: 8 trials" in printed
    assert "trials FAILED" in printed
    assert "x is too large for me" in printed
    place = ["--root", str(root)]
    standing = json.loads(call_here("master", "status", "demo", "--json", *place).stdout)
    assert standing["study"] == "demo"
    assert standing["total"] == sum(standing["counts"].values()) == 8
    assert standing["counts"]["COMPLETE"] + standing["counts"]["FAILED"] == 8
    assert standing["incumbent"]["value"] == 1.0
    best = json.loads(call_here("master", "top", "demo", "-k", "2", "--json", *place).stdout)
    assert [set(entry) for entry in best] == [{"trial", "value", "params"}] * 2
    assert best[0] == standing["incumbent"]
    assert [entry["study"] for entry in json.loads(call_here("master", "status", "--json", *place).stdout)] == ["demo"]
    assert "the last results" in call_here("master", "status", "demo", *place).stdout
    assert "8/8" in call_here("master", "status", *place).stdout
    assert "num_filters" not in call_here("master", "top", "demo", *place).stdout


def test_one_damaged_study_does_not_hide_the_others(root: Path, folder: StudyFolder) -> None:
    (root / "jobs" / "damaged").mkdir()
    (root / "jobs" / "damaged" / "study.json").write_text("{")
    called = call_here("master", "status", "--root", str(root))
    assert called.returncode == 0
    assert folder.name in called.stdout
    assert "damaged" in called.stderr
