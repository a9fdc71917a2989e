"""Searches for several objectives with real masters and workers, and what looks back at them."""

import json
import re
from pathlib import Path

import pytest

import hyperspool as hs
from hyperspool.common.layout import StudyFolder
from hyperspool.master.results.front import dominates
from tests.commands import call_here, refused
from tests.processes import REPOSITORY, Processes, results_of

PAGE = REPOSITORY / "docs" / "several-objectives.md"
GRADED = """
trials = 3
batch = 3
objective.name = "graded"
objectives = [{{ measure = "height" }}, {{ measure = "{second}", direction = "maximize" }}]
space.x = {{ type = "float", low = 0.0, high = 1.0 }}
"""
GIVEN = ("--workers", "1", "--objective", "graded=tests.objectives:graded")


@pytest.fixture
def page_study(root: Path) -> Path:
    """The study file that the page tells its reader to write."""
    ((name, text),) = re.findall(
        r"cat > \$ROOT/([\w-]+)\.toml <<'END'\n(.*?)\nEND\n", PAGE.read_text(), flags=re.DOTALL
    )
    path = root / f"{name}.toml"
    path.write_text(str(text))
    return path


def test_study_of_the_page_ends_with_a_front(root: Path, processes: Processes, page_study: Path) -> None:
    printed = processes.finish(processes.master(page_study, "--workers", "2", "--trials", "16"))
    assert "of mlp on digits, 2 objectives, 5 epochs each" in printed
    place = (page_study.stem, "--root", str(root))
    status = json.loads(call_here("master", "status", *place, "--json").stdout)
    points = [(entry["values"]["validation_error"], entry["values"]["seconds"]) for entry in status["front"]]
    assert points
    assert not any(dominates(one, other) for one in points for other in points)
    assert status["incumbent"]["values"]["validation_error"] == min(error for error, _ in points)
    assert status["hypervolume"] > 0
    top = json.loads(call_here("master", "top", *place, "--json", "-k", "16").stdout)
    assert [entry["on_front"] for entry in top].index(False) == len(points)
    assert all(entry["value"] <= 0.5 for entry in top)
    assert len(top) == 16 - status["constraints"]["validation_error <= 0.5"]
    assert "all proposed again as they are recorded" in call_here("master", "replay", *place).stdout
    out = root / "out.jsonl"
    assert call_here("master", "export", *place, "--format", "jsonl", "--out", str(out)).returncode == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    on_front = {row["trial"] for row in rows if row["on_front"]}
    assert on_front == {entry["trial"] for entry in status["front"]}


def test_measure_that_never_comes_fails_each_trial(root: Path, processes: Processes) -> None:
    study = root / "mine.toml"
    study.write_text(GRADED.format(second="weight"))
    master = processes.master(study, *GIVEN)
    assert master.wait(60) == 1
    assert "ask for weight, but the trial reported height, distance" in processes.output(master)
    failures = [result.failure for result in results_of(StudyFolder(root, "mine")).values()]
    assert failures
    assert all(failure and "ask for weight" in failure.message for failure in failures)


def test_values_come_from_value_and_metrics(root: Path, processes: Processes) -> None:
    study = root / "mine.toml"
    study.write_text(GRADED.format(second="distance"))
    assert "study mine is finished: 3 trials" in processes.finish(processes.master(study, *GIVEN))
    opened = hs.Study.open("mine", root=root)
    best = opened.best
    assert best is not None
    assert opened.trials["values_distance"].tolist() == opened.trials["metrics_distance"].tolist()
    assert best.trial == opened.trials["value"].idxmin()
    assert opened.trials["on_front"].all()  # the greater the distance, the greater the height


def test_confirmation_of_several_objectives_is_refused(root: Path) -> None:
    study = root / "mine.toml"
    study.write_text(GRADED.format(second="distance"))
    message = refused("master", "run", str(study), "--root", str(root), "--confirm", "1", *GIVEN)
    assert "a study of several objectives has no single best trial; leave it out" in message


def test_tell_without_a_measure_keeps_the_trial(root: Path) -> None:
    objectives = {"error": "minimize", "size": "maximize"}
    study = hs.Study(
        "own", {"x": hs.Float(0, 1)}, root=root, trials=1, objectives=objectives, constraints=["error <= 1"]
    )
    trial = study.ask()
    assert trial is not None
    with pytest.raises(ValueError, match="ask for size, but the trial reported error"):
        study.tell(trial, 0.5)
    study.tell(trial, hs.Measured(0.5, metrics={"size": 2.0}))
    assert study.trials["values_size"].tolist() == [2.0]
    assert study.trials["on_front"].tolist() == [True]
    assert [goal.direction for goal in study.spec.objectives or ()] == ["minimise", "maximise"]
    assert list(map(str, study.spec.constraints or ())) == ["error <= 1"]
