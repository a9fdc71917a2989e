import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import hyperspool as hs
from hyperspool.common.attempts import read_history
from hyperspool.common.errors import UsageError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.master.results.standing import open_standing
from tests.conftest import MakeStudy
from tests.processes import DEADLINE_S, REPOSITORY, Processes, leftovers, results_of, until

SPACE = {"x": hs.Float(0, 1)}


def _study(root: Path, **settings: Any) -> hs.Study:
    return hs.Study("own", SPACE, root=root, direction="maximize", **settings)


def _asked(study: hs.Study, timeout_s: float | None = None) -> hs.Trial:
    trial = study.ask(timeout_s)
    assert trial is not None
    return trial


@contextmanager
def _program(root: Path, lines: str) -> Iterator["subprocess.Popen[str]"]:
    head = f"import os, hyperspool as hs\nstudy = hs.Study('own', root={str(root)!r})"
    head += "\nsay = lambda number: print(number, flush=True)"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{head}\n{lines}"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_what_a_program_tells_is_a_result(root: Path) -> None:
    study = _study(root)
    first, second, third = _asked(study), _asked(study), _asked(study)
    assert [first.number, second.number, third.number] == [0, 1, 2]
    second.report(accuracy=0.5)
    assert list(study.trials["status"]) == ["RUNNING"] * 3
    assert list(study.curves["accuracy"]) == [0.5]
    study.tell(second, 0.9)
    study.tell(first.number, hs.Measured(0.7, metrics={"size": 3.0}))
    study.tell(third, error=ValueError("no luck"))
    trials = study.trials
    assert list(trials["status"]) == ["COMPLETE", "COMPLETE", "FAILED"]
    assert trials["failure_message"][2].startswith("ValueError: no luck")
    assert trials["metrics_size"][0] == 3.0
    assert list(study.curves["accuracy"]) == [0.5]
    assert study.best is not None
    assert (study.best.trial, study.best.value, study.best.params) == (1, 0.9, second.params)
    standing = open_standing(StudyFolder(root, "own")).to_json()
    assert (standing["total"], standing["counts"]["PENDING"]) == (3, 0)
    assert leftovers(StudyFolder(root, "own")) == []
    assert not list(StudyFolder(root, "own").workers.iterdir())


def test_a_trial_that_is_not_held_cannot_be_told(root: Path) -> None:
    study = _study(root)
    trial = _asked(study)
    with pytest.raises(ValueError, match="returned nan"):
        study.tell(trial, float("nan"))
    with pytest.raises(TypeError, match="returned None"):
        study.tell(trial)
    with pytest.raises(UsageError, match="trial 0 was asked for and has no result yet"):
        study.run(lambda params, _: params["x"], trials=1)
    with pytest.raises(UsageError, match="trial 0 of study own is not held here"):
        _study(root).tell(trial, 1.0)
    study.tell(trial, 1.0)
    with pytest.raises(UsageError, match="trial 0 of study own is not held here"):
        study.tell(trial, 2.0)
    assert results_of(StudyFolder(root, "own"))[0].value == 1.0


def test_a_trial_given_back_is_asked_for_again(root: Path) -> None:
    study = _study(root, trials=2)
    first = _asked(study)
    study.give_back(first)
    both = [_asked(study), _asked(study)]
    assert sorted(trial.number for trial in both) == [0, 1]
    assert study.ask() is None
    for trial in both:
        study.tell(trial, 1.0)
    assert study.ask() is None
    assert [result.attempt for result in results_of(StudyFolder(root, "own")).values()] == [2, 1]


def test_a_rule_ends_the_asking_and_a_run(root: Path) -> None:
    study = _study(root, settings={"stop": {"target": 5.0}})
    first, second = _asked(study), _asked(study)
    study.tell(first, 6.0)
    assert study.ask() is None
    study.tell(second, 1.0)
    assert study.ask() is None
    assert open_standing(StudyFolder(root, "own")).is_finished


def test_a_run_of_fewer_trials_keeps_what_was_asked_for(root: Path) -> None:
    study = _study(root)
    for trial in [_asked(study) for _ in range(4)]:
        if trial.number == 3:
            study.give_back(trial)
        else:
            study.tell(trial, trial.params["x"])
    folder = StudyFolder(root, "own")
    recorded = folder.journal.read_bytes()
    study.run(lambda params: params["x"], trials=2, show=False)
    assert folder.journal.read_bytes() == recorded
    assert list(study.trials["status"]) == ["COMPLETE"] * 3 + ["PENDING"]
    study.run(lambda params: params["x"], trials=5, show=False)
    assert list(study.trials["status"]) == ["COMPLETE"] * 5
    assert not list(folder.rejected.glob("*"))


def test_a_round_waits_for_the_trials_of_the_last(root: Path) -> None:
    study = _study(root, trials=6, sampler={"name": "coarse-to-fine", "rounds": 2, "keep": 2})
    first = [_asked(study) for _ in range(3)]
    with pytest.raises(UsageError, match=r"\(0, 1, 2\): tell one first"):
        study.ask()
    with pytest.raises(TimeoutError, match=r"no trial of study own came free in 0\.05 s"):
        study.ask(timeout_s=0.05)
    for trial in first:
        study.tell(trial, trial.params["x"])
    assert _asked(study).number == 3


def test_a_held_trial_has_a_heartbeat(root: Path) -> None:
    study = _study(root, limits={"stale_s": 5.0})
    trial = _asked(study)
    folder = StudyFolder(root, "own")
    (path,) = folder.worker_files()
    first = read_record(path, WorkerRecord)
    assert (first.state, first.trial) == ("running", trial.number)
    until(lambda: read_record(path, WorkerRecord).beat > first.beat, "the next heartbeat", root)
    study.tell(trial, 0.0)
    assert not path.exists()


def test_a_killed_programs_trial_is_free_though_its_fork_lives(root: Path) -> None:
    study = _study(root)
    study.give_back(_asked(study))
    lines = "trial = study.ask()\nif os.fork() == 0: say(trial.number)\nos.read(0, 1)"
    with _program(root, lines) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "0\n"
        program.kill()
        program.wait()
        trial = _asked(study)
        assert trial.number == 0
        assert read_history(StudyFolder(root, "own").lock(Issue(0, 0, 1))).last_attempt == 3
        study.tell(trial, 0.5)
    assert results_of(StudyFolder(root, "own"))[0].attempt == 3


def test_a_program_that_ends_gives_its_trial_back(root: Path) -> None:
    study = _study(root)
    study.give_back(_asked(study))
    with _program(root, "say(study.ask().number)") as program:
        assert program.wait(DEADLINE_S) == 0
    history = read_history(StudyFolder(root, "own").lock(Issue(0, 0, 1)))
    assert (history.last_attempt, history.losses) == (2, ())


def test_asking_programs_share_the_trials(root: Path) -> None:
    study = _study(root, trials=12, batch=3)
    mine = [_asked(study)]
    loop = "while trial := study.ask(): say(trial.number); study.tell(trial, trial.params['x'])"
    with _program(root, loop) as program:
        assert program.stdout is not None
        theirs = [int(program.stdout.readline())]
        study.tell(mine[0], 0.5)
        while trial := study.ask():
            mine.append(trial)
            study.tell(trial, trial.params["x"])
        theirs += map(int, program.communicate(timeout=DEADLINE_S)[0].split())
    assert sorted([*theirs, *(trial.number for trial in mine)]) == list(range(12))
    assert len(results_of(StudyFolder(root, "own"))) == 12


def test_asking_beside_a_master_takes_its_trials(processes: Processes, make_study: MakeStudy, root: Path) -> None:
    master = processes.master(make_study("elsewhere", trials=5, batch=2))
    folder = StudyFolder(root, "demo")
    until(folder.open_issues, "the master has published its first batch", root)
    study = hs.Study.open("demo", root)
    numbers = []
    while trial := study.ask():
        numbers.append(trial.number)
        study.tell(trial, trial.params["x"])
    processes.finish(master)
    assert numbers == [0, 1, 2, 3, 4]


def test_promoted_trials_are_asked_for_until_none_is_left(root: Path) -> None:
    study = hs.Study("climbing", SPACE, root=root, epochs=9, trials=6, settings={"halving": {"name": "successive"}})
    rungs: list[int] = []
    while trial := study.ask():
        assert study.trials["trial"].is_unique
        for epoch in range(trial.epochs):
            trial.report(loss=1 / (epoch + 1))
        rungs.append(trial.rung)
        study.tell(trial, 1 / trial.epochs)
    assert rungs == [0] * 6 + [1] * 2 + [2]
    assert study.best is not None
    assert study.best["epochs"] == 9
    assert sorted(study.trials["status"]) == ["COMPLETE", *["PRUNED"] * 5]
