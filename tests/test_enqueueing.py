"""Enqueued settings are evaluated next, once each, whatever is killed; the sampler knows them."""

import signal
from pathlib import Path

import pytest

from hyperspool.common.errors import UsageError
from hyperspool.common.file_kinds import REQUEST
from hyperspool.common.layout import StudyFolder
from hyperspool.common.requests import enqueue, read_requests
from hyperspool.common.watch import Wakeup
from hyperspool.master.journal.file import read_journal
from hyperspool.master.run.loop import Search
from hyperspool.master.studies.enqueueing import from_assignments, from_csv, need_new, need_taker
from hyperspool.master.studies.published import publish_study, read_published
from tests.commands import refused, said
from tests.conftest import MakeStudy, spec_of
from tests.processes import Processes, results_of, until
from tests.worker.test_worker import has_noted

SPACE = {
    "x": {"type": "float", "low": 0.0, "high": 1.0},
    "depth": {"type": "int", "low": 1, "high": 9, "when": {"kind": ["deep"]}},
    "kind": ["flat", "deep"],
    "width": 3,
}


def test_enqueued_setting_is_evaluated_before_the_next_proposal(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    folder = StudyFolder(root, "demo")
    master = processes.master(make_study("waiting", trials=4, batch=1))
    processes.worker(objective="waiting")
    until(lambda: has_noted(processes), "a trial runs", root)
    assert "demo: 1 setting enqueued" in said("master", "enqueue", "demo", "--params", "x=0.3", "--root", str(root))
    until(lambda: not read_requests(folder, read_published(folder)), "the master takes it", root)
    assert "trial 1 has the params x=0.3 already; nothing" in refused(
        "master", "enqueue", "demo", "--params", "x=0.3", "--root", str(root)
    )
    (root / "go").touch()
    processes.finish(master)
    results = results_of(folder)
    assert (len(results), results[1].params, results[1].value) == (4, {"x": 0.3}, 0.0)
    assert results[1].stage is not None
    assert results[1].stage.request
    assert "all proposed again as they are recorded" in said("master", "replay", "demo", "--root", str(root))
    assert "in order" in said("master", "fsck", "demo", "--root", str(root))
    printed = said("master", "enqueue", "demo", "--params", "x=0.5", "--root", str(root))
    assert "all 4 trials are proposed or enqueued; to evaluate the rest: " in printed
    assert "run demo --trials 5" in printed


def test_lost_journal_keeps_what_was_enqueued(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    study, folder = make_study("square", trials=5, batch=2), StudyFolder(root, "demo")
    enqueue(folder, {"x": 0.25})
    processes.worker(objective="square")
    processes.finish(processes.master(study))
    before = {trial: folder.result(trial).read_bytes() for trial in results_of(folder)}
    folder.journal.unlink()
    waiting = enqueue(folder, {"x": 0.75})  # it must not take the number of a trial that is there
    processes.finish(processes.master(study))
    assert list(read_requests(folder, read_published(folder))) == [waiting]
    assert {trial: folder.result(trial).read_bytes() for trial in results_of(folder)} == before
    assert results_of(folder)[0].params == {"x": 0.25}


def test_killed_master_evaluates_a_request_once(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    study, folder = make_study("waiting", trials=3, batch=1), StudyFolder(root, "demo")
    master = processes.master(study)
    processes.worker(objective="waiting")
    until(lambda: has_noted(processes), "a trial runs", root)
    name = enqueue(folder, {"x": 0.25})
    content = folder.path(REQUEST, name).read_bytes()
    until(lambda: not read_requests(folder, read_published(folder)), "it is recorded", root)
    master.send_signal(signal.SIGKILL)
    master.wait()
    folder.path(REQUEST, name).write_bytes(content)  # as if it had been killed before the removal
    (root / "go").touch()
    processes.finish(processes.master(study))
    entries = read_journal(folder, read_published(folder)).journal.entries.values()
    assert sum(entry.stage.request is not None for entry in entries) == 1
    assert not read_requests(folder, read_published(folder))


def test_request_that_does_not_fit_is_set_aside(root: Path) -> None:
    spec, folder = spec_of(trials=3, space=SPACE), StudyFolder(root, "demo")
    publish_study(folder, spec)
    good = enqueue(folder, {"x": 0.5, "kind": "flat", "width": 3})
    wrong = enqueue(folder, {"x": 5.0, "kind": "flat", "width": 3})
    folder.path(REQUEST, "torn").write_bytes(b"{")
    assert list(read_requests(folder, spec)) == [good]
    set_aside = [path.name for path in folder.rejected.iterdir()]
    assert any(wrong in name for name in set_aside)
    assert any("torn" in name for name in set_aside)


def test_requests_beyond_the_trials_wait(root: Path) -> None:
    spec, folder = spec_of(trials=1, space=SPACE), StudyFolder(root, "demo")
    publish_study(folder, spec)
    first = enqueue(folder, {"x": 0.5, "kind": "flat", "width": 3})
    second = enqueue(folder, {"x": 0.6, "kind": "flat", "width": 3})
    bell = Wakeup()
    try:
        search = Search(folder, spec, bell, lambda: False)
        assert not search.resume()
    finally:
        bell.close()
    assert list(read_requests(folder, spec)) == [max(first, second)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "expected NAME=VALUE,NAME=VALUE"),
        ("x=0.5", "params.kind: missing"),
        ("x=0.5,kind=flat,dept=3", "dept: unknown key (did you mean depth?)"),
        ("x=0.5,kind=flat,depth=3", "params.depth: given, though its condition kind = 'deep' does not hold"),
        ("x=5,kind=flat", "params.x"),
        ("x=0.5,kind=deep,depth=3.5", "params.depth"),
        ("x=0.5,kind=flat,width=4", "params.width"),
    ],
)
def test_setting_outside_the_space_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=r".") as error:
        from_assignments(spec_of(space=SPACE), text)
    assert message in str(error.value)


def test_rows_of_a_file_become_settings(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("x,kind,depth\n1,deep,2\n0.5,flat,\n")
    found = list(from_csv(spec_of(space=SPACE), path))
    assert found == [{"x": 1.0, "depth": 2, "kind": "deep", "width": 3}, {"x": 0.5, "kind": "flat", "width": 3}]
    path.write_text("x,kind\n0.5,flat\n0.7,steep\n")
    with pytest.raises(UsageError, match=r"line 3: params\.kind"):
        list(from_csv(spec_of(space=SPACE), path))
    with pytest.raises(UsageError, match="cannot be read"):
        list(from_csv(spec_of(space=SPACE), tmp_path / "none.csv"))
    with pytest.raises(UsageError, match="setting 1 of the same command has the params"):
        need_new([found[0], found[0]], {})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sampler": {"name": "cmaes"}}, "the sampler cmaes plans all of its trials"),
        ({"replicates": 2}, "it evaluates each setting several times"),
    ],
)
def test_methods_that_plan_take_no_settings(changes: dict[str, object], reason: str) -> None:
    numbers = {name: {"type": "float", "low": 0.0, "high": 1.0} for name in ("x", "y")}
    with pytest.raises(UsageError, match=reason):
        need_taker(spec_of(trials=20, space=numbers, **changes))
