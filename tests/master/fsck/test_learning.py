"""fsck of a study whose method looks at results: what it asked is replayed from them."""

import json
from pathlib import Path

from hyperspool.common.layout import StudyFolder
from hyperspool.master.fsck.breach import Severity
from hyperspool.master.fsck.examination import examine_study
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


def test_a_study_that_learns_is_replayed_and_a_result_of_other_params_is_named(
    root: Path, processes: Processes, tmp_path: Path
) -> None:
    study = tmp_path / "demo.toml"
    study.write_text(STUDY)
    command = (study, "--workers", "2", "--objective", "curved=tests.objectives:curved")
    processes.finish(processes.master(*command))
    folder = StudyFolder(root, "demo")
    assert len(folder.all_finished()) == 16
    assert examine_study(root, "demo", is_to_repair=False).left == []
    honest = json.loads(folder.result(9).read_text())
    folder.result(9).write_text(json.dumps(honest | {"params": {"x": 0.5}}))
    left = examine_study(root, "demo", is_to_repair=False).left
    assert [breach.path for breach in left] == [folder.result(9)]
    examine_study(root, "demo", is_to_repair=True)
    processes.finish(processes.master(*command))
    assert json.loads(folder.result(9).read_text())["params"] == honest["params"]
    told = examine_study(root, "demo", is_to_repair=False).left
    assert {breach.severity for breach in told} == {Severity.NOTE}  # what was set aside lies in rejected/
