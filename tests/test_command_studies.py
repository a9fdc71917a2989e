"""Studies whose objective is a command, with real masters and workers."""

import signal
from pathlib import Path

import pytest

from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.trial_folders import saved_of
from tests.processes import Processes, results_of, until

COUNTING = """#!/bin/sh
# Counts its epochs in a file, and goes on from there. It hangs in epoch 3, so only a run that goes on from it ends.
file="$HYPERSPOOL_CHECKPOINT_DIR/epoch"
epoch=$(cat "$file" 2>/dev/null || echo 0)
echo "from $epoch" >> "$NOTES"
while [ "$epoch" -lt "$HYPERSPOOL_EPOCHS" ]; do
  epoch=$((epoch + 1))
  echo $epoch > "$file"
  echo "{\\"epoch\\": $epoch, \\"loss\\": 0.$epoch}"
  [ $epoch = 3 ] && sleep 1000
done
echo kept > "$HYPERSPOOL_FOLDER/kept.txt"
echo "x is $1"
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "count.sh").write_text(COUNTING)
    (mine / "count.sh").chmod(0o755)
    path = mine / "counted.toml"
    path.write_text(
        'trials = 1\nbudget.epochs = 4\nobjective = { name = "counting", command = ["./count.sh", "{x}"], '
        'measure = "loss" }\n[space]\nx = { type = "float", low = 0.0, high = 1.0 }\n'
    )
    return path


def test_killed_command_goes_on_from_what_it_saved(root: Path, processes: Processes, study: Path) -> None:
    folder = StudyFolder(root, "counted")
    master = processes.master(study)
    worker = processes.worker("--study-file", str(study))
    until(lambda: folder.checkpoints_of(0), "an epoch is saved", root)
    until(lambda: (saved_of(folder, Issue(0)) / "epoch").read_text() == "3\n", "the command waits", root)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    command = f"counting={study.parent}/count.sh {{x}}"
    second = processes.worker("--command", command, "--exit-when-idle")
    assert "is finished: 1 trial" in processes.finish(master)
    processes.finish(second)
    result = results_of(folder)[0]
    assert processes.noted() == ["from 0", "from 3"]
    assert (result.value, result.attempt) == (0.4, 2)
    assert [file.name for file in result.files or ()] == ["kept.txt"]
    assert not (folder.results / "saved").exists()
    assert "x is " in processes.output(second)


def test_command_of_a_population_finds_what_another_trial_saved(root: Path, processes: Processes, study: Path) -> None:
    (study.parent / "count.sh").write_text(COUNTING.replace("[ $epoch = 3 ] && sleep 1000", ":"))
    population = '\nsampler = { name = "pbt", population = 2, interval = 2, perturb = ["x"] }\n[space]'
    study.write_text(study.read_text().replace("trials = 1\n", "").replace("\n[space]", population))
    processes.finish(processes.master(study, "--workers", "1"))
    found = results_of(StudyFolder(root, "counted"))
    assert sorted(processes.noted()) == ["from 0", "from 0", "from 2", "from 2"]
    assert [(result.epochs, result.resumed_from_epoch) for result in found.values()] == [(2, 0), (2, 0), (4, 2), (4, 2)]
    assert not (root / "results" / "counted" / "saved").exists()


def test_command_that_does_not_fit_publishes_nothing(root: Path, processes: Processes, study: Path) -> None:
    study.write_text(study.read_text().replace("{x}", "{y}"))
    master = processes.master(study, "--workers", "1")
    assert master.wait(60) == 2
    assert "placeholder y: unknown key" in processes.output(master)
    assert not StudyFolder(root, "counted").spec.exists()


def test_shared_study_makes_no_worker_run_a_command(root: Path, processes: Processes, study: Path) -> None:
    master = processes.master(study)
    until(lambda: StudyFolder(root, "counted").open_issues(), "a job", root)
    assert "count.sh" not in StudyFolder(root, "counted").spec.read_text()
    worker = processes.worker("--study", "counted")
    assert worker.wait(60) == 2
    assert "'counting' is not known to this worker" in processes.output(worker)
    master.send_signal(signal.SIGTERM)
    master.wait()
