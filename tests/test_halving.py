"""Studies with rungs, from the first trial to the report, by real masters and workers."""

import json
import signal
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.file import read_journal
from hyperspool.master.studies.published import read_published
from tests.commands import said
from tests.processes import Processes, leftovers, until

STUDY = """
name = "climbing"
trials = 9
batch = 3
objective.name = "decay"
budget.epochs = 9
halving = { name = "NAME", eta = 3 }
[space]
rate = { type = "float", low = 0.1, high = 0.9 }
"""


def written(root: Path, name: str = "asha", more: str = "") -> Path:
    path = root / "climbing.toml"
    path.write_text(more + STUDY.replace("NAME", name))
    return path


def results(folder: StudyFolder) -> dict[tuple[int, int], Result]:
    return {key: read_record(folder.result(*key), Result) for key in folder.all_finished()}


def values(folder: StudyFolder) -> dict[tuple[int, int], float | None]:
    return {key: result.value for key, result in results(folder).items()}


@pytest.mark.parametrize("name", ["successive", "hyperband"])
def test_promoted_trials_go_on_and_the_rest_stops(root: Path, processes: Processes, name: str) -> None:
    folder = StudyFolder(root, "climbing")
    processes.worker(objective="decay")
    printed = processes.finish(processes.master(written(root, name)))
    assert "is finished: 9 trials" in printed
    found = results(folder)
    top = [key for key in found if key[1] == 2]
    assert top
    for trial, rung in found:
        if (trial, rung - 1) in found:
            assert found[trial, rung].resumed_from_epoch == found[trial, rung - 1].epochs
    best = min(value for key, value in values(folder).items() if key in top and value is not None)
    stands = json.loads(said("master", "status", "climbing", "--json", "--root", str(root)))
    assert (stands["total"], stands["counts"]["COMPLETE"], stands["counts"]["PRUNED"]) == (9, len(top), 9 - len(top))
    assert stands["incumbent"]["value"] == best
    assert [each["epochs"] for each in stands["rungs"]] == [1, 3, 9]
    spent = sum(result.epochs - result.resumed_from_epoch for result in found.values())
    assert stands["epochs"] == {"spent": spent, "of_full_trainings": 81}
    assert folder.kept_checkpoints() == []
    assert leftovers(folder) == []


def test_asynchronous_promotion_never_waits_and_replays(root: Path, processes: Processes) -> None:
    study = written(root, more='mode = "asynchronous"\n')
    for _ in range(2):
        processes.worker(objective="decay")
    processes.finish(processes.master(study))
    assert "all proposed again as they are recorded" in said("master", "replay", "climbing", "--root", str(root))
    exported = root / "all.jsonl"
    said("master", "export", "climbing", "--format", "jsonl", "--out", str(exported), "--root", str(root))
    lines = [json.loads(line) for line in exported.read_text().splitlines()]
    assert [line["trial"] for line in lines] == list(range(9))
    assert {line["status"] for line in lines} == {"COMPLETE", "PRUNED"}
    assert "every file of study climbing is as it should be" in said("master", "fsck", "climbing", "--root", str(root))


def test_lost_journal_costs_no_promoted_evaluation(root: Path, processes: Processes) -> None:
    study, folder = written(root, more='mode = "asynchronous"\n'), StudyFolder(root, "climbing")
    for _ in range(3):
        processes.worker(objective="decay")
    processes.finish(processes.master(study))
    before = {key: folder.result(*key).read_bytes() for key in folder.all_finished()}
    folder.journal.unlink()
    processes.finish(processes.master(study))
    assert {key: folder.result(*key).read_bytes() for key in before} == before
    recorded = read_journal(folder, read_published(folder)).journal.entries
    assert before.keys() <= recorded.keys()
    assert {key: recorded[key].continues for key in before if key[1]} == {key: key[1] - 1 for key in before if key[1]}


def test_killed_master_and_worker_change_no_promotion(root: Path, processes: Processes) -> None:
    spec = written(root, "successive")
    undisturbed = StudyFolder(root, "climbing-2")
    worker = processes.worker(objective="decay")
    processes.finish(processes.master(spec, "--set", "name=climbing-2"))
    folder = StudyFolder(root, "climbing")
    master = processes.master(spec)
    until(lambda: len(folder.all_finished()) >= 10, "a promotion", root)
    for process in (master, worker):
        process.send_signal(signal.SIGKILL)
        process.wait()
    processes.worker(objective="decay")
    processes.finish(processes.master(spec))
    assert values(folder) == values(undisturbed)


def test_objective_without_epochs_ends_the_study(root: Path, processes: Processes) -> None:
    study = written(root)
    study.write_text(study.read_text().replace("decay", "square").replace("rate =", "x ="))
    processes.worker(objective="square")
    master = processes.master(study)
    assert master.wait(60) == 1
    assert "reported no epoch, so the study cannot tell what it did with" in processes.output(master)
    assert results(StudyFolder(root, "climbing"))


def test_study_of_rungs_is_described_before_it_runs(root: Path, processes: Processes) -> None:
    master = processes.master(written(root, "hyperband"))
    until(lambda: "1 -> 3 -> 9 epochs by Hyperband" in processes.output(master), "the headline", root)
    assert StudySpec.model_validate_json(StudyFolder(root, "climbing").spec.read_bytes()).halving
