"""Running trials that do badly are ended by a file that their worker sees, with real masters and workers."""

import json
import signal
from pathlib import Path

import pytest

from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Status
from hyperspool.common.stops import ask_to_stop, stops
from tests.commands import said
from tests.processes import Processes, leftovers, results_of, until

STUDY = """
name = "lagging"
batch = BATCH
objective = { name = "lagging", measure = "loss" }
budget.epochs = 4
sampler.name = "grid"
pruning = { name = "median", startup = 2, warmup_epochs = 2 }
[space]
x = [0.1, 0.2, 0.3, WORST, 0.15]
"""


def written(root: Path, worst: float = 0.7, batch: int = 5) -> Path:
    path = root / "lagging.toml"
    path.write_text(STUDY.replace("WORST", str(worst)).replace("BATCH", str(batch)))
    return path


@pytest.mark.parametrize("worst", [0.7, 0.9], ids=["asks whether to stop", "never asks"])
def test_trial_worse_than_the_median_is_pruned(root: Path, processes: Processes, worst: float) -> None:
    folder = StudyFolder(root, "lagging")
    worker = processes.worker(objective="lagging")
    printed = processes.finish(processes.master(written(root, worst)))
    assert f"{worst:.4f} pruned" in printed
    results = results_of(folder)
    pruned = results.pop(3)
    assert (pruned.status, pruned.value, pruned.epochs, pruned.attempt) == (Status.PRUNED, worst, 2, 1)
    # The same process evaluates the next trial to its end.
    assert {(result.status, result.epochs) for result in results.values()} == {(Status.COMPLETE, 4)}
    assert stops(folder) == set()
    assert leftovers(folder) == []
    assert "lagging/00003: ending: after 2 epochs it was worse than the median of 3 trials" in processes.output(worker)
    assert "lagging/00003: PRUNED: " in processes.output(worker)
    arguments = ("lagging", "--root", str(root))
    stands = json.loads(said("master", "status", *arguments, "--json"))
    assert (stands["counts"]["COMPLETE"], stands["counts"]["PRUNED"]) == (4, 1)
    assert "every file of study lagging is as it should be" in said("master", "fsck", *arguments)


def test_restarted_master_prunes_by_the_results_it_finds(root: Path, processes: Processes) -> None:
    folder = StudyFolder(root, "lagging")
    study = written(root)
    study.write_text(study.read_text().replace("startup = 2", "startup = 3"))
    processes.worker(objective="lagging")
    master = processes.master(study)
    until(lambda: len(folder.all_finished()) >= 2, "two results", root)
    master.send_signal(signal.SIGKILL)
    master.wait()
    processes.finish(processes.master(study))
    assert results_of(folder)[3].status is Status.PRUNED


def test_stop_file_of_a_finished_trial_is_removed(root: Path, processes: Processes) -> None:
    folder = StudyFolder(root, "lagging")
    study = written(root)
    processes.worker(objective="lagging")
    processes.finish(processes.master(study))
    ask_to_stop(folder, Issue(0), "a master was killed before it removed this")
    checked = processes.start("master", "fsck", "lagging", "--root", str(root))
    assert checked.wait(60) == 1
    assert "its trial has a result already" in processes.output(checked)
    processes.finish(processes.master(study))
    processes.finish(processes.start("master", "fsck", "lagging", "--repair", "--root", str(root)))
    assert stops(folder) == set()
