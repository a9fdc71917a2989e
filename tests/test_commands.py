"""The command lines from a user's view: exit statuses, and one clear message per mistake."""

import json
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from tests.commands import call, call_here, refused
from tests.conftest import MakeStudy
from tests.finished import Finished
from tests.processes import REPOSITORY, Processes, until


@pytest.mark.parametrize("side", ["master", "worker"])
def test_help_is_quick_because_it_imports_nothing_heavy(side: str) -> None:
    printed = printed_by(
        f"import sys; sys.argv = ['{side}', '--help']\n"
        f"from {side}.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted(set(sys.modules) & {'torch', 'torchvision', 'optuna', 'matplotlib', 'pandas',"
        " 'jinja2', 'sklearn', 'numpy', 'hyperspool.common.records'}))"
    )
    assert printed.splitlines()[-1] == "[]"


def test_a_random_search_loads_no_library_of_other_samplers() -> None:
    printed = printed_by(
        "import sys; import hyperspool.master.run.session\n"
        "print('numpy' in sys.modules)\n"
        "from hyperspool.master.search.known import Known\n"
        "from hyperspool.master.search.methods import make_sampler\n"
        "from hyperspool.master.studies.preset import load_preset\n"
        "print(len(make_sampler(load_preset('scenario6')).suggest(10, Known())))\n"
        "print({'optuna', 'cmaes', 'scipy', 'torch'} & set(sys.modules))"
    )
    assert printed.split() == ["False", "10", "set()"]


def printed_by(program: str) -> str:
    """What a program prints that Python runs in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_studies_lists_presets_with_their_titles() -> None:
    listed = json.loads(call("master", "studies", "--json").stdout)
    assert {
        "name": "scenario6",
        "title": "Random search over four hyperparameters, batches evaluated in parallel",
    } in listed
    assert "scenario6" in call_here("master", "studies").stdout


@pytest.mark.parametrize("command", ["run", "enqueue", "lr-range-test"])
def test_help_says_what_a_repeatable_option_takes(command: str) -> None:
    printed = call_here("master", command, "--help").stdout
    assert "list[" not in printed
    assert ("NAME=VALUE,..." if command == "enqueue" else "KEY=VALUE") in printed


def test_shell_completes_studies_of_the_root(finished_square: Finished) -> None:
    line = f"hyperspool top --root {finished_square.root} d"
    called = call("master", _HYPERSPOOL_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD="4")
    assert called.stdout.split() == ["demo"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--trials", "0"], "trials: found 0, expected greater than or equal to 1 (from --trials)"),
        (["run", "--dataset", "imagenet"], "data.name: found 'imagenet', expected 'digits', 'mnist' or 'cifar10'"),
        (["run", "--set", "space.momentum.low=2"], "low is 2.0 and high is 1.0"),
        (["run", "--set", "space.momentum={type='float', low=2.0, high=1.0}"], "(from --set space.momentum)"),
        (["run", "--set", "data=true"], "data: found true, expected a table, e.g. data = { name = ... }"),
        (["run", "--set", "nonsense"], "expected KEY=VALUE"),
        (["run", "--set", "objective.name=cnm", "--workers", "1"], "did you mean cnn?"),
        (["run", "--workers", "1", "--objective", "mine"], "expected NAME=MODULE:FUNCTION"),
        (["status", "--json", "--watch"], "leave out --watch"),
        (["run", "no-such"], "no study 'no-such'"),
        (["run", "../../etc/passwd"], "neither a study's name nor a .toml file"),
        (["run", "gone.toml"], "there is no study file gone.toml"),
        (["status", "no-such"], "no study 'no-such'"),
        (["top", "no-such"], "no study 'no-such'"),
        (["report", "scenario5"], "this preset was not run yet in "),
    ],
)
def test_mistake_on_the_masters_command_line_is_one_message(root: Path, arguments: list[str], message: str) -> None:
    assert message in refused("master", *arguments, "--root", str(root))
    assert list((root / "jobs").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--device", "cuda:7"], "--device cuda:7: this machine shows"),
        (["--device", "tpu"], "expected auto, cpu or cuda:N"),
        (["--study", "../x"], "--study '../x'"),
        (["--name", "a/b"], "--name 'a/b'"),
        (["--objective", "mine"], "expected NAME=MODULE:FUNCTION"),
        (["--root", "/no/such/folder"], "there is no such folder; create it, mount it, or correct --root"),
        (["--claim", "hope"], "'hope' is not one of"),
    ],
)
def test_mistake_on_the_workers_command_line_is_one_message(root: Path, arguments: list[str], message: str) -> None:
    assert message in refused("worker", "--root", str(root), *arguments)


def test_a_missing_root_is_refused_and_not_created(tmp_path: Path) -> None:
    assert "there is no such folder" in refused("master", "run", "--root", str(tmp_path / "mnt"))
    for command in (["status"], ["studies"], ["top", "demo"], ["status", "demo"]):
        assert "there is no such folder" in refused("master", *command, "--root", str(tmp_path / "mnt"))
    (tmp_path / "file").touch()
    assert "it is not a folder" in refused("master", "status", "--root", str(tmp_path / "file"))
    assert not (tmp_path / "mnt").exists()


def test_changed_study_is_refused_by_key_with_both_ways_out(root: Path, finished_square: Finished) -> None:
    study = finished_square.copy(root) / "demo.toml"
    message = refused("master", "run", str(study), "--root", str(root), "--trials", "9", "--set", "seed=5")
    assert "trials: published 4, now 9" in message
    assert "seed: published 0, now 5" in message
    assert f"-m master run demo --root {root}\n" in message
    assert "--new" in message
    kept = call("master", "run", str(study), "--root", str(root))
    assert kept.returncode == 0
    assert "is finished: 4 trials" in kept.stdout


def test_stopped_master_repeats_the_typed_command(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    typed = [str(make_study("waiting")), "--root", str(root), "--trials", "6", "--set", "limits.stale_s=20"]
    typed += ["--workers", "1", "--objective", "waiting=tests.objectives:waiting"]
    for extra, expected in (([], typed), (["--new"], ["demo-2", *typed[1:3], *typed[7:]])):
        processes.notes.unlink(missing_ok=True)
        master = processes.start("master", "run", *typed, *extra)
        until(processes.notes.exists, "a trial begins", root)
        master.send_signal(signal.SIGINT)
        assert master.wait(30) == 1
        printed = processes.output(master)
        said, _, end = printed.partition("everything is kept. To go on: ")
        assert "stopping: 1 local worker saves and leaves, in at most 8 s; Ctrl-C again does not wait" in said
        assert end
        assert f"-m master run {shlex.join(expected)}\n" in printed
    assert "draws the same params as any study with seed 0" in processes.output(master)


def test_study_file_with_a_function_runs_from_anywhere(root: Path, processes: Processes, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "own_hills.py").write_text("def hill(params, trial):\n    return params['x'] + 1\n")
    study = mine / "hills.toml"
    study.write_text(
        'trials = 3\nbudget.epochs = 1\nobjective.function = "own_hills:hill"\n'
        '[space]\nx = { type = "float", low = 0.0, high = 1.0 }\n'
    )
    for new in ((), ("--new",)):
        assert "is finished: 3 trials" in processes.finish(processes.master(study, "--workers", "1", *new))
    assert '"function"' not in StudyFolder(root, "hills").spec.read_text()
    # Another worker gets it by its own command line.
    master = processes.master(study, "--new")
    worker = processes.worker("--study-file", str(study), "--exit-when-idle")
    assert "is finished: 3 trials" in processes.finish(master)
    processes.finish(worker)


def test_changed_preset_is_resumed_with_its_published_values(root: Path, processes: Processes) -> None:
    master = processes.start("master", "run", "scenario6", "--root", str(root), "--epochs", "1")
    until(lambda: StudyFolder(root, "scenario6").open_issues(), "jobs", root)
    master.send_signal(signal.SIGINT)
    assert master.wait(30) == 1
    message = refused("master", "run", "--root", str(root), "--epochs", "2", "--workers", "2")
    assert f"run scenario6 --root {root} --set budget.epochs=1 --workers 2" in message


def test_missing_objective_is_reported_before_waiting_for_workers(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    master = processes.master(make_study("square"))
    until(lambda: "start workers with --objective square=" in processes.output(master), "the advice", root)
    assert "objective square is not built in (built in: cnn, mlp)" in processes.output(master)


def test_a_master_whose_study_is_removed_says_so(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    master = processes.master(make_study("square"))
    until(lambda: len(StudyFolder(root, "demo").open_issues()) == 4, "all jobs", root)
    for top in ("jobs", "results"):
        shutil.rmtree(root / top / "demo")
    assert master.wait(30) == 1
    # If the folder vanishes between the last job and its flush, the error names the folder instead.
    printed = processes.output(master).replace("\n", "")
    assert "study.json was removed while the study ran" in printed or "jobs/demo: No such file" in printed
    assert "Traceback" not in processes.output(master)


def test_new_starts_under_a_new_name_that_resumes_it(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    study = make_study("square")
    for _ in range(3):
        processes.finish(
            processes.master(study, "--new", "--workers", "1", "--objective", "square=tests.objectives:square")
        )
    assert sorted(path.name for path in (root / "jobs").iterdir()) == ["demo-2", "demo-3", "demo-4"]
    assert "study demo-3 is finished" in call("master", "run", "demo-3", "--root", str(root)).stdout


def test_a_study_whose_trials_all_failed_ends_with_status_1(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("hungry", trials=2, batch=2)
    master = processes.master(study, "--workers", "1", "--objective", "hungry=tests.objectives:hungry")
    assert master.wait(60) == 1
    printed = processes.output(master)
    assert "2 trials FAILED, first trial 0: MemoryError: no room for 1 PiB" in printed
    assert f"its traceback is in {StudyFolder(root, 'demo').result(0)}" in printed
    assert "to try the trials again once the cause is fixed: the same command with --new" in printed
    assert "more of them" not in printed


def test_worker_with_a_broken_objective_costs_no_attempt(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("square", trials=1, batch=1, more="limits.max_attempts = 1")
    master = processes.master(study)
    worker = processes.worker("--study", "demo", "--objective", "square=no_such_module:square")
    assert worker.wait(60) == 2
    assert "the objective square=no_such_module:square cannot be imported" in processes.output(worker)
    assert "Traceback" not in processes.output(worker)
    master.send_signal(signal.SIGINT)
    master.wait(30)
    again = processes.master(study, "--workers", "1", "--objective", "square=tests.objectives:square")
    processes.finish(again)
    assert len(StudyFolder(root, "demo").all_finished()) == 1


def test_worker_without_a_gpu_says_it_uses_the_cpu(root: Path) -> None:
    called = call("worker", "--root", str(root), "--exit-when-idle", CUDA_VISIBLE_DEVICES="")
    assert called.returncode == 0
    assert "no GPU found; using the CPU" in called.stdout


def test_tampered_result_of_a_finished_study_is_evaluated_again(
    root: Path, processes: Processes, finished_square: Finished
) -> None:
    study = finished_square.copy(root) / "demo.toml"
    folder = StudyFolder(root, "demo")
    honest = json.loads(folder.result(1).read_text())
    folder.result(1).write_text(json.dumps(honest | {"params": {"x": 0.5}, "value": -99.0}))
    status = json.loads(call_here("master", "status", "demo", "--json", "--root", str(root)).stdout)
    assert status["total"] == sum(status["counts"].values()) == 4
    processes.finish(processes.master(study, "--workers", "1", "--objective", "square=tests.objectives:square"))
    again = json.loads(folder.result(1).read_text())
    assert (again["params"], again["value"]) == (honest["params"], honest["value"])
    assert len(list(folder.rejected.glob("00001.json.*.reason.txt"))) == 1
