"""`show`: all that is known of one trial."""

import json
import re
from pathlib import Path

from hyperspool.common.layout import StudyFolder
from tests.commands import call_here, refused
from tests.conftest import MakeStudy
from tests.processes import Processes, until


def test_show_tells_how_a_trial_failed_and_what_it_printed(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("exits", trials=1, batch=1)
    study.write_text(
        study.read_text().replace("low = 0, high = 1", "low = 0, high = 1e-9").replace("space.x", "space.y")
    )
    study.write_text(study.read_text() + "\nspace.x = 1.0\n")
    master = processes.master(study, "--workers", "1", "--objective", "exits=tests.programs:exits")
    assert master.wait(60) == 1
    log = StudyFolder(root, "demo").logs / "00000.issue1.attempt1.log"
    shown = call_here("master", "show", "demo", "0", "--root", str(root)).stdout
    assert "trial 0: FAILED\n" in shown
    assert "\n  x  1\n" in shown
    assert "\n  SystemExit: no data (the objective ended its program instead of returning its value)\n" in shown
    assert 'sys.exit("no data")' in shown
    assert f"\n  output: {log}\n" in shown
    assert f"\n  files that it kept: {root / 'results/demo/files/00000'}\n" in shown
    assert "\nit kept\n  kept.txt  4 bytes\n" in shown
    assert shown.endswith("\nit printed last\n  one\n  two\n  three\n  four\n")
    assert (
        call_here("master", "show", "demo", "0", "--output", "--root", str(root)).stdout == "one\ntwo\nthree\n\nfour\n"
    )
    found = json.loads(call_here("master", "show", "demo", "0", "--json", "--root", str(root)).stdout)
    assert (found["study"], found["trial"], found["status"], found["params"]["x"]) == ("demo", 0, "FAILED", 1.0)
    assert found["failure"]["kind"] == "exception"
    assert found["files"]["output"] == str(log)
    assert [(file["name"], file["size_bytes"]) for file in found["kept_files"]] == [("kept.txt", 4)]
    assert found["last_lines"] == ["one", "two", "three", "four"]


def test_show_tells_where_a_running_trial_is(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    processes.master(make_study("waiting", trials=2, batch=1))
    processes.worker("--name", "lab-1", objective="waiting")

    def shown(trial: int) -> str:
        return call_here("master", "show", "demo", str(trial), "--root", str(root)).stdout

    def is_shown_running() -> bool:
        text = shown(0)
        return "trial 0: RUNNING on lab-1\n" in text and "\n  running curve of attempt 1: " in text

    # RACE: the worker's curve and its heartbeat are two files; either may come first, and both after the trial began.
    until(is_shown_running, "its state and its curve", root)
    assert re.search(r"\ncurve\n  training_loss  +▁  1.0000 -> 1.0000\n", shown(0))
    assert re.search(r"\nseeds\n  initialisation=\d+ shuffling=\d+ dropout=\d+\n", shown(0))
    assert "trial 1: PENDING\n" in shown(1)
    assert "not proposed yet" in shown(1)


def test_show_of_a_trial_that_is_not_there_is_refused(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    processes.master(make_study("square"))
    until((root / "jobs/demo/study.json").exists, "the study", root)
    assert "has no trial 4; its trials are 0 to 3" in refused("master", "show", "demo", "4", "--root", str(root))
