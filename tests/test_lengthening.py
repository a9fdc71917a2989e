"""A study with a horizon beyond its epochs may be given more epochs: its trials go on from their checkpoints."""

from pathlib import Path

import pytest

from hyperspool.common.curve import read_curve
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result
from tests.commands import refused, said
from tests.processes import Processes

CNN = """
objective.name = "cnn"
data.train_size = 100
space = { num_filters = 3, batch_size = 20, schedule = "cosine", learning_rate = { low = 0.05, high = 0.3 } }
"""
DECAY = """
objective.name = "decay"
space.rate = { low = 0.1, high = 0.9 }
"""


def written(root: Path, study: str, more: str = "") -> Path:
    """Write the study `longer` with 2 of 5 epochs."""
    path = root / "longer.toml"
    path.write_text(f"trials = 4\nbatch = 3\nbudget = {{ epochs = 2, horizon = 5 }}\n{more}{study}")
    return path


def values(folder: StudyFolder, rung: int) -> dict[int, tuple[object, ...]]:
    """Values and curves by trial, without times."""
    found: dict[int, tuple[object, ...]] = {}
    for trial, on_rung in folder.all_finished():
        if on_rung == rung:
            result = read_record(folder.result(trial, rung), Result)
            curve = [line.model_copy(update={"seconds": 0.0}) for line in read_curve(folder.curve(trial, rung))]
            found[trial] = (result.value, result.params, repr(curve))
    return found


@pytest.mark.parametrize("study", [CNN, DECAY], ids=["cnn", "decay"])
def test_lengthened_trials_equal_uninterrupted_ones(root: Path, processes: Processes, study: str) -> None:
    place, folder = ("--root", str(root)), StudyFolder(root, "longer")
    processes.worker(objective="decay" if study is DECAY else None)
    printed = processes.finish(processes.master(written(root, study)))
    assert "study longer is finished: 4 trials" in printed
    assert folder.kept_checkpoints() == [(trial, 0) for trial in range(4)]
    assert "every file of study longer is as it should be" in said("master", "fsck", "longer", *place)
    assert "4 complete" in said("master", "status", "longer", *place)
    printed = processes.finish(processes.master(written(root, study), "--epochs", "5", "--trials", "6"))
    assert "goes on with other settings: trials 4 -> 6, budget.epochs 2 -> 5" in printed
    assert "study longer is finished: 6 trials" in printed
    assert "6 complete" in said("master", "status", "longer", *place)
    assert folder.kept_checkpoints() == []
    assert [read_record(folder.result(trial, 1), Result).resumed_from_epoch for trial in range(4)] == [2] * 4
    assert "all proposed again as they are recorded" in said("master", "replay", "longer", *place)
    processes.finish(processes.master(written(root, study), "--epochs", "5", "--trials", "6", "--set", "name=whole"))
    whole = values(StudyFolder(root, "whole"), 0)
    assert values(folder, 1) | {trial: values(folder, 0)[trial] for trial in (4, 5)} == whole


def test_lost_journal_keeps_what_was_lengthened(root: Path, processes: Processes) -> None:
    folder, study = StudyFolder(root, "longer"), written(root, DECAY, 'sampler = { name = "tpe", startup = 2 }\n')
    processes.worker(objective="decay")
    processes.finish(processes.master(study))
    processes.finish(processes.master(study, "--epochs", "4"))
    assert folder.kept_checkpoints() == [(trial, 1) for trial in range(4)]
    before = {key: folder.result(*key).read_bytes() for key in folder.all_finished()}
    folder.journal.unlink()
    processes.finish(processes.master(study, "--epochs", "5"))
    assert {key: folder.result(*key).read_bytes() for key in before} == before
    assert sorted(set(folder.all_finished()) - before.keys()) == [(trial, 2) for trial in range(4)]
    assert "every file of study longer is as it should be" in said("master", "fsck", "longer", "--root", str(root))


def test_study_without_a_horizon_gets_no_more_epochs(root: Path, processes: Processes) -> None:
    study = root / "longer.toml"
    study.write_text(f"trials = 1\nbudget.epochs = 2\n{DECAY}")
    processes.worker(objective="decay")
    processes.finish(processes.master(study))
    message = refused("master", "run", str(study), "--epochs", "3", "--root", str(root))
    assert "budget.epochs: its trials kept no checkpoint to go on from; a study with a budget.horizon" in message


def test_horizon_below_the_epochs_is_refused(root: Path) -> None:
    study = written(root, DECAY.replace("decay", "square"))
    message = refused("master", "run", str(study), "--epochs", "9", "--root", str(root))
    assert "budget: horizon: found 5, expected at least the 9 of epochs" in message
