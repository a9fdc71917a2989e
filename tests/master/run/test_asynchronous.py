"""An asynchronous study: no worker waits for a slow trial, and the record says what each proposal was made from."""

import json
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from tests.commands import call_here
from tests.conftest import spec_of
from tests.processes import Processes, finished_trials, until

HELD = """
import os, time
from pathlib import Path

def held(params, trial):
    while trial.number == 0 and not Path(os.environ["NOTES"]).with_suffix(".go").exists():
        time.sleep(0.01)
    return (params["x"] - 0.3) ** 2
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(HELD)
    path = tmp_path / "held.toml"
    path.write_text(
        'trials = 12\nbatch = 3\nmode = "asynchronous"\nsampler = { name = "tpe", startup = 4 }\n'
        'objective.function = "mine:held"\nspace.x = { low = 0.0, high = 1.0 }\n'
    )
    return path


def disagreement(root: Path) -> str:
    called = call_here("master", "replay", "held", "--root", str(root))
    assert called.returncode == 1
    return called.stdout


def test_slow_trial_keeps_nobody_waiting(root: Path, processes: Processes, study: Path) -> None:
    folder = StudyFolder(root, "held")
    master = processes.master(study, "--workers", "2")
    until(lambda: finished_trials(folder) == list(range(1, 12)), "all trials but the held one", root)
    processes.notes.with_suffix(".go").touch()
    printed = processes.finish(master)
    assert "12 trials of held, asynchronously, by tpe" in printed
    assert "study held is finished: 12 trials" in printed
    again = call_here("master", "replay", "held", "--root", str(root))
    assert again.returncode == 0
    assert "12 proposals in " in again.stdout
    assert "all proposed again as they are recorded" in again.stdout
    assert "mode" in json.loads(folder.spec.read_text())


def test_changed_record_is_named_by_the_replay(root: Path, processes: Processes, study: Path) -> None:
    processes.notes.with_suffix(".go").touch()
    processes.finish(processes.master(study, "--workers", "1"))
    folder = StudyFolder(root, "held")
    lines = folder.journal.read_text().splitlines(keepends=True)
    place = next(place for place, line in enumerate(lines) if '"trial":7' in line)
    entry = json.loads(lines[place])
    entry["params"]["x"] = 0.875
    lines[place] = json.dumps(entry) + "\n"
    folder.journal.write_text("".join(lines))
    said = disagreement(root)
    assert "trial 7 does not\n  recorded: x=0.875\n  proposed: x=0." in said
    folder.result(3).unlink()
    assert "then the result of trial 3 is needed and not there" in disagreement(root)


def test_synchronous_is_what_a_study_is_that_says_nothing() -> None:
    assert spec_of(mode="synchronous") == spec_of()
    assert b"mode" not in spec_of(mode="synchronous").to_json()
    with pytest.raises(ValueError, match="mode"):
        spec_of(mode="sometimes")
