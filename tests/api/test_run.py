import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import hyperspool as hs
from hyperspool.common.errors import UsageError
from hyperspool.common.layout import StudyFolder
from tests.conftest import MakeStudy
from tests.processes import DEADLINE_S, REPOSITORY, Processes, finished_trials, results_of, until

SPACE = {"x": hs.Float(0, 10), "opt": ["sgd", "adam"]}

SCRIPT = """
import sys, threading
from pathlib import Path
import hyperspool as hs
import nearby

FLOOR = 3
gate = Path(sys.argv[1]) / "go"

def valley(params, trial):
    trial.report(loss=1.0)
    while not gate.exists():
        if trial.should_stop():
            raise hs.TrialStopped
        threading.Event().wait(0.01)
    return nearby.square(params["x"] - FLOOR)

study = hs.Study("valley", space={"x": hs.Float(0, 10)}, root="search")
study.run(valley, trials=6, workers=2)
found = study.trials
print("ended with", list(found["trial"]), set(found["status"]), study.best.trial, list(study.curves.columns)[-1])
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "nearby.py").write_text("def square(x):\n    return x * x\n")
    path = folder / "search.py"
    path.write_text(SCRIPT)
    return path


def _started(script: Path, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(script), str(folder)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_a_stopped_script_goes_on_when_it_runs_again(script: Path, tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path / "search", "valley")
    first = _started(script, tmp_path)
    try:
        until(lambda: len(list(folder.running.glob("*.csv"))) == 2, "both workers have a trial", tmp_path)
        during = hs.Study.open("valley", tmp_path / "search")
        assert sorted(during.trials["status"]) == ["PENDING"] * 4 + ["RUNNING"] * 2
        assert list(during.curves["loss"]) == [1.0, 1.0]
        assert during.best is None
        first.send_signal(signal.SIGINT)
        printed, _ = first.communicate(timeout=DEADLINE_S)
    finally:
        first.kill()
    assert "stopped; everything is kept" in printed
    assert first.returncode == -signal.SIGINT, printed
    assert "ended with" not in printed
    (tmp_path / "go").touch()
    again, _ = _started(script, tmp_path).communicate(timeout=DEADLINE_S)
    assert "ended with [0, 1, 2, 3, 4, 5] {'COMPLETE'}" in again
    assert again.rstrip().endswith("loss")


def test_ten_lines_lead_to_a_data_frame(tmp_path: Path) -> None:
    example = REPOSITORY / "examples" / "python" / "search.py"
    lines = [line for line in example.read_text().splitlines() if line]
    run = subprocess.run([sys.executable, example], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert len(lines) <= 10
    assert "\n20 trials: 20 complete, in " in run.stdout
    best, columns = run.stdout.index("{'x': 3.25"), run.stdout.index("trial  rung  setting")
    assert best < columns


def test_a_greater_number_adds_to_the_trials(tmp_path: Path) -> None:
    floor = 3.0
    study = hs.Study("more", SPACE, root=tmp_path / "search", direction="maximize", measure="height")

    def hill(params: dict[str, Any], trial: hs.Trial) -> float:
        if params["opt"] == "adam":
            raise RuntimeError("no such optimizer")
        return float(-((params["x"] - floor) ** 2))

    study.run(hill, trials=2, show=False)
    first = study.trials
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    again = hs.Study("more", SPACE, root=tmp_path / "search", direction="maximise", measure="height")
    again.run(hill, trials=5, show=False)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    trials = study.trials
    assert list(trials["trial"]) == [0, 1, 2, 3, 4]
    assert trials.head(2).equals(first)
    assert set(trials["status"]) == {"COMPLETE", "FAILED"}
    assert trials[trials["params_opt"] == "adam"]["failure_message"].str.contains("no such optimizer").all()
    assert study.best is not None
    assert study.best.value == trials["value"].max()
    assert study.best.params == {"x": study.best.params_x, "opt": "sgd"}
    folder = StudyFolder(tmp_path / "search", "more")
    assert json.loads(folder.spec.read_bytes())["objective"] == {
        "name": "hill",
        "direction": "maximise",
        "measure": "height",
        "threads": 1,
    }


def test_a_study_beside_a_worker_elsewhere(processes: Processes, root: Path) -> None:
    processes.worker("--study", "beside", objective="square")
    study = hs.Study("beside", {"x": hs.Float(0, 1)}, root=root, objective="square")
    study.run(trials=3, workers=0, show=False)
    assert finished_trials(StudyFolder(root, "beside")) == [0, 1, 2]


def test_a_function_of_the_params_alone_is_an_objective(tmp_path: Path) -> None:
    study = hs.Study("alone", SPACE, root=tmp_path).run(lambda params: params["x"], trials=2, show=False)
    assert list(study.trials["value"]) == list(study.trials["params_x"])
    codes = {result.attribution.code for result in results_of(StudyFolder(tmp_path, "alone")).values()}
    assert len(codes) == 1
    assert None not in codes


def test_a_run_lends_its_workers_to_a_master(processes: Processes, make_study: MakeStudy, root: Path) -> None:
    master = processes.master(make_study("elsewhere", trials=6, batch=3))
    folder = StudyFolder(root, "demo")
    until(folder.open_issues, "the master has published its first batch", root)
    hs.Study.open("demo", root).run(lambda params: params["x"], workers=1, show=False)
    assert finished_trials(folder) == list(range(6))
    processes.finish(master)


def test_a_run_beside_a_master_needs_workers_to_lend(processes: Processes, make_study: MakeStudy, root: Path) -> None:
    processes.master(make_study("elsewhere", trials=2, batch=2))
    until(StudyFolder(root, "demo").open_issues, "the master has published its first batch", root)
    with pytest.raises(hs.SearchError, match=r"already has a master(.|\n)*Give run workers to lend it") as caught:
        hs.Study.open("demo", root).run(workers=0, show=False)
    assert "--new" not in str(caught.value)


def test_a_run_in_another_thread_leaves_the_signals_alone(tmp_path: Path) -> None:
    study = hs.Study("threaded", SPACE, root=tmp_path)
    thread = threading.Thread(target=lambda: study.run(lambda params, _: params["x"], trials=1, show=False))
    thread.start()
    thread.join(DEADLINE_S)
    assert list(study.trials["status"]) == ["COMPLETE"]


def test_what_cannot_be_sent_is_named(tmp_path: Path) -> None:
    lock = threading.Lock()

    def guarded(params: dict[str, Any], trial: hs.Trial) -> float:
        with lock:
            return float(params["x"])

    with pytest.raises(UsageError, match=r"guarded cannot be sent to workers: TypeError: cannot pickle '_thread.lock'"):
        hs.Study("locked", SPACE, root=tmp_path).run(guarded, trials=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"objective": 3, "trials": 1}, "objective: found 3, expected a function"),
        ({"objective": "nowhere", "trials": 1}, "expected NAME=MODULE:FUNCTION"),
        ({"objective": "a:b"}, "say how many trials to run"),
        ({"objective": "a:b", "trials": 0}, "trials: found 0"),
        ({"trials": 1}, "the workers need the study's objective own"),
    ],
)
def test_a_run_that_cannot_be_is_refused(arguments: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        hs.Study("refused", SPACE, root=tmp_path).run(**arguments)
    assert not (tmp_path / "jobs" / "refused").exists()


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, hyperspool as hs; print(hs.Float(0, 1).low, sorted({'torch', 'pandas', 'rich'} & {*sys.modules}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert run.stdout == "0 []\n"


def test_a_typo_in_a_functions_place_leaves_no_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text("def hill(params):\n    return params['x']\n")
    study = hs.Study("typo", space={"x": hs.Float(0, 1)}, root=tmp_path)
    with pytest.raises(hs.UsageError, match=r"has no attribute 'hil'(.|\n)*Nothing was published"):
        study.run("mine:hil", trials=3, show=False)
    assert not study._folder.spec.exists()
    study.run("mine:hill", trials=3, show=False)
    assert len(study.trials) == 3


def test_trials_that_all_fail_alike_stop_the_run(tmp_path: Path) -> None:
    study = hs.Study("alike", space={"x": hs.Float(0, 1)}, root=tmp_path, batch=2)
    with pytest.raises(hs.SearchError) as caught:
        study.run(lambda params: params["y"], trials=20, show=False)
    message = str(caught.value)
    assert "KeyError: 'y'" in message
    assert f"hyperspool show alike 0 --root {tmp_path}" in message
    assert "give the study another name" in message
    assert "--new" not in message
    assert 0 < (study.trials.status == "FAILED").sum() < 20
