"""fsck of a study whose method uses results: its proposals are recorded, or worked out from the results."""

import json
from itertools import groupby
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.master.fsck.breach import Severity
from hyperspool.master.fsck.examination import examine_study
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.journal.file import read_journal
from hyperspool.master.studies.published import read_published
from tests.finished import Finished, run_to_its_end
from tests.processes import Processes

STUDY = """
trials = 12
batch = 3
objective.name = "curved"
budget.epochs = 1
sampler = { name = "coarse-to-fine", rounds = 2, keep = 3 }
confirm = { finalists = 2, replicates = 2 }
[space]
x = { type = "float", low = 0.001, high = 1.0, log = true }
"""


OPTIONS = ("--workers", "2", "--objective", "curved=tests.objectives:curved")


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return run_to_its_end(tmp_path_factory.mktemp("rounds"), "demo", STUDY, *OPTIONS)


def test_lost_journal_of_rounds_is_worked_out_from_results(root: Path, rounds: Finished) -> None:
    rounds.copy(root)
    folder = StudyFolder(root, "demo")
    before = entries(folder)
    assert [len(list(own)) for _, own in groupby(before, lambda entry: entry.batch)] == [3, 3, 3, 3, 3, 1]
    folder.journal.unlink()
    (warning,) = examine_study(root, "demo", is_to_repair=False).left
    assert (warning.severity, warning.path) == (Severity.WARNING, folder.journal)
    assert examine_study(root, "demo", is_to_repair=True).left == []
    assert entries(folder) == before


def entries(folder: StudyFolder) -> list[ProposalEntry]:
    return list(read_journal(folder, read_published(folder)).journal.entries.values())


def test_result_of_other_params_than_recorded_is_named(root: Path, processes: Processes, rounds: Finished) -> None:
    study = rounds.copy(root) / "demo.toml"
    folder = StudyFolder(root, "demo")
    assert len(folder.all_finished()) == 16
    assert examine_study(root, "demo", is_to_repair=False).left == []
    honest = json.loads(folder.result(9).read_text())
    folder.result(9).write_text(json.dumps(honest | {"params": {"x": 0.5}}))
    left = examine_study(root, "demo", is_to_repair=False).left
    assert [breach.path for breach in left] == [folder.result(9)]
    examine_study(root, "demo", is_to_repair=True)
    processes.finish(processes.master(study, *OPTIONS))
    assert json.loads(folder.result(9).read_text())["params"] == honest["params"]
    left = examine_study(root, "demo", is_to_repair=False).left
    assert {breach.severity for breach in left} == {Severity.NOTE}  # the file that was set aside, in rejected/
