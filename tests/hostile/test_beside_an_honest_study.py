"""An honest study completes beside every trap in the shared folder, and nothing outside is read or changed."""

import signal
import sys
from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.confinement import names_in
from hyperspool.common.curve import read_curve
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Status
from hyperspool.common.signals import STOPPED_STATUS
from tests.conftest import MakeStudy
from tests.hostile.traps import Exploit, folder_at, lay_all, lay_checkpoints, link, pipe, publish, texts
from tests.processes import Processes, children_of, finished_trials, is_alive, leftovers, results_of, until

LITTLE_KB = 300_000
PRIVATE = "what nobody may repeat"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel for the most memory that was used")


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outside")
    (folder / "precious").write_text(PRIVATE)
    return folder


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every path below a folder, with its mtime in nanoseconds, its mode and its content."""
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in [folder, *folder.rglob("*")]
    }


def peak_kb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0])


def test_a_worker_completes_the_honest_study_among_all_traps(
    root: Path, outside: Path, processes: Processes, make_study: MakeStudy
) -> None:
    lay_all(root, outside)
    before = tree(outside)
    worker = processes.worker("--name", "honest", objective="square")
    master = processes.master(make_study("square", name="zz-honest", trials=20, batch=5))
    processes.finish(master)
    results = results_of(StudyFolder(root, "zz-honest"))
    assert [result.status for result in results.values()] == [Status.COMPLETE] * 20
    # Studies with a single trap finish too, unless the trap stands in place of the study or its job.
    finished = {name for name in names_in(root / "jobs") if 0 in _finished(root, name)}
    assert {f"lock-{kind}" for kind in ("link", "sparse", "last-number", "lines", "second-name")} <= finished
    assert {"result-folder", "curve-folder", "duplicate-folder"} <= finished
    assert not any(name.startswith(("spec-", "job-", "text-", "linked")) for name in finished - {"text-chain"})
    assert worker.poll() is None
    for pid in (worker.pid, *children_of(worker.pid)):
        assert peak_kb(pid) < LITTLE_KB
    printed = processes.output(worker)
    assert PRIVATE not in printed
    assert "\x1b" not in printed
    assert all(len(line) < 5000 for line in printed.splitlines())
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == STOPPED_STATUS  # traps leave jobs that nobody can evaluate
    assert tree(outside) == before
    assert PRIVATE.encode() not in b"".join(path.read_bytes() for path in root.rglob("*.txt") if path.is_file())


def _finished(root: Path, name: str) -> list[int]:
    try:
        return finished_trials(StudyFolder(root, name))
    except (OSError, ValueError):
        return []


def test_no_checkpoint_runs_code_or_blocks_its_trial(root: Path, outside: Path, processes: Processes) -> None:
    mark = outside / "owned"
    folder = lay_checkpoints(root, mark)
    worker = processes.worker("--exit-when-idle")
    processes.finish(worker)
    result = results_of(folder)[0]
    assert (result.status, result.attempt, result.resumed_from_epoch) == (Status.COMPLETE, 10, 0)
    assert not mark.exists()
    mark.touch()  # shows that the exploit would work
    assert Exploit(mark).__reduce__()[1] == (["touch", str(mark)],)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_traps_in_a_study_cost_it_no_trial(
    root: Path, outside: Path, processes: Processes, make_study: MakeStudy, kind: str
) -> None:
    folder = StudyFolder(root, "demo")
    for path in (*folder.folders, folder.trial_folder(0)):
        atomic.make_folder(path)
    lay = {"link": lambda path: link(path, outside / "precious"), "pipe": pipe, "folder": folder_at}[kind]
    for path in (
        folder.lock(Issue(0)),
        folder.result(1),
        folder.curve(2),
        folder.running_curve(AttemptName(Issue(3), 1)),
        folder.checkpoint(AttemptName(Issue(4), 1)),
        folder.job(Issue(5)),
        folder.worker("honest"),
        folder.duplicates,
    ):
        lay(path)
    before = tree(outside)
    worker = processes.worker("--name", "honest", objective="resuming")
    processes.finish(processes.master(make_study("resuming", trials=7, batch=7)))
    assert [result.status for result in results_of(folder).values()] == [Status.COMPLETE] * 7
    assert all(len(read_curve(folder.curve(trial))) == 1 for trial in range(7))
    assert worker.poll() is None
    until(lambda: leftovers(folder) == [], "CLEAR", root)
    assert tree(outside) == before


@pytest.mark.parametrize("place", ["jobs", "results", "trials", "logs", "worker-1.log", "master.lock", "study.json"])
def test_a_master_whose_study_is_trapped_ends_with_an_error(
    root: Path, outside: Path, processes: Processes, make_study: MakeStudy, place: str
) -> None:
    folder = StudyFolder(root, "demo")
    for path in (*folder.folders, folder.logs):
        atomic.make_folder(path)
    path = {
        "jobs": folder.jobs,
        "results": folder.results,
        "trials": folder.trials,
        "logs": folder.logs,
        "worker-1.log": folder.logs / "worker-1.log",
        "master.lock": folder.master_lock,
        "study.json": folder.spec,
    }[place]
    link(path, outside / "precious" if "." in place else outside)
    before = tree(outside)
    study = make_study("square")
    master = processes.master(study, "--workers", "1", "--objective", "square=tests.objectives:square")
    assert master.wait(60) in {1, 2}
    printed = processes.output(master)
    assert "error: " in printed
    assert path.name in printed
    assert "Traceback" not in printed
    assert PRIVATE not in printed
    assert tree(outside) == before


def test_hostile_heartbeats_and_results_do_not_disturb_master_and_status(
    root: Path, outside: Path, processes: Processes, make_study: MakeStudy
) -> None:
    folder, _, _ = publish(root, "demo", objective={"name": "waiting"})
    for path in (folder.workers, folder.trial_folder(0)):
        atomic.make_folder(path)
        for number, text in enumerate(texts().values()):
            (path / f"{number:05}.json").write_bytes(text)
        link(path / "99998.json", outside / "precious")
        pipe(path / "99999.json")
    status = processes.start("master", "status", "demo", "--root", str(root))
    printed = processes.finish(status)
    assert "0/4" in printed
    assert PRIVATE not in printed
    assert not is_alive(status.pid)
