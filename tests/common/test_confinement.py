"""Swapping folders for links, at any place and any moment, leads no process out of the shared folder."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from errno import ESTALE
from pathlib import Path

import pytest

from hyperspool.common import atomic, confinement
from hyperspool.common.confinement import confine, folders_in, names_in
from hyperspool.common.layout import StudyFolder, study_folders
from hyperspool.common.locks import ClaimMode, make_lock
from hyperspool.common.reading import read_bytes

PLACES = ("jobs", "results", "jobs/demo", "results/demo", "results/demo/trials")

Action = Callable[[Path], object]
ACTIONS: dict[str, Action] = {
    "write once": lambda path: atomic.write_once(path, b"x"),
    "replace": lambda path: atomic.replace(path, b"x", durable=True),
    "append": lambda path: atomic.append_line(path, "x"),
    "note": lambda path: atomic.write_note(path, "x"),
    "log": atomic.open_log,
    "remove": lambda path: atomic.remove(path.with_name("precious")),
    "move in": lambda path: atomic.move(path.with_name("precious"), path),
    "folder": lambda path: atomic.make_folder(path / "inner"),
    "flush": lambda path: atomic.sync_folder(path.parent),
    "read": lambda path: read_bytes(path.with_name("precious")),
    "list": lambda path: names_in(path.parent),
    "list folders": lambda path: folders_in(path.parent),
    "lock": lambda path: make_lock(path, ClaimMode.LOCK),
}


def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "precious").write_text("mine")
    return folder


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_goes_over_a_link_in_a_folders_place(tmp_path: Path, place: str, action: str) -> None:
    outside = elsewhere(tmp_path)
    root = tmp_path / "root"
    confine(root)
    path = root / place
    path.parent.mkdir(parents=True)
    path.symlink_to(outside)
    with pytest.raises(NotADirectoryError, match=place):
        ACTIONS[action](path / "name")
    assert [entry.name for entry in outside.iterdir()] == ["precious"]
    assert (outside / "precious").read_text() == "mine"


@pytest.mark.parametrize("action", ["append", "note", "log"])
def test_a_file_with_a_second_name_is_never_written(tmp_path: Path, action: str) -> None:
    precious = elsewhere(tmp_path) / "precious"
    path = tmp_path / "00000.lock"
    os.link(precious, path)
    with pytest.raises(OSError, match="second name"):
        ACTIONS[action](path)
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("action", ["append", "note", "log"])
def test_a_pipe_in_a_files_place_makes_no_writer_wait(tmp_path: Path, action: str) -> None:
    path = tmp_path / "worker-1.log"
    os.mkfifo(path)
    with pytest.raises(OSError, match=r"regular|No such device"):
        ACTIONS[action](path)


def test_a_folder_swapped_for_a_link_leads_nowhere(tmp_path: Path) -> None:
    outside = elsewhere(tmp_path)
    folder = StudyFolder(tmp_path / "root", "demo")
    folder.running.mkdir(parents=True)
    program = (
        "import sys; from pathlib import Path\n"
        "folder, aside, outside = map(Path, sys.argv[1:])\n"
        "while True:\n"
        "    folder.rename(aside); folder.symlink_to(outside)\n"
        "    folder.unlink(); aside.rename(folder)\n"
        "    sum(range(20_000))  # long enough for a write\n"
    )
    attacker = subprocess.Popen([sys.executable, "-c", program, folder.running, tmp_path / "aside", outside])
    try:
        outcomes: Counter[bool] = Counter()
        while min(outcomes[True], outcomes[False]) < 50:
            try:
                atomic.replace(folder.running / "curve.csv", b"x", durable=False)
                atomic.append_line(folder.running / "notes", "x")
                outcomes[True] += 1
            except OSError:
                outcomes[False] += 1
    finally:
        attacker.kill()
        attacker.wait()
    assert [entry.name for entry in outside.iterdir()] == ["precious"]


def test_the_root_itself_may_be_reached_over_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real"
    StudyFolder(real, "demo").jobs.mkdir(parents=True)
    (tmp_path / "link").symlink_to(real)
    folder = StudyFolder(tmp_path / "link", "demo")
    atomic.write_once(folder.spec, b"{}")
    assert [found.name for found in study_folders(tmp_path / "link")] == ["demo"]


def test_a_study_that_is_a_link_is_not_served(tmp_path: Path) -> None:
    real = StudyFolder(tmp_path / "elsewhere", "demo")
    real.jobs.mkdir(parents=True)
    real.spec.touch()
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "demo").symlink_to(real.jobs)
    assert study_folders(tmp_path) == []
    assert StudyFolder(tmp_path, "demo").open_issues() == []


def test_a_users_path_elsewhere_may_contain_links(tmp_path: Path) -> None:
    confine(tmp_path / "root")
    (tmp_path / "root" / "results").mkdir(parents=True)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    atomic.make_folder(tmp_path / "link" / "report")
    atomic.replace(tmp_path / "root" / "results" / ".." / ".." / "link" / "report" / "page", b"x", durable=False)
    assert (tmp_path / "real" / "report" / "page").read_bytes() == b"x"


def test_an_error_names_the_whole_path(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        atomic.remove(tmp_path / "missing")
    assert raised.value.filename == str(tmp_path / "missing")


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path, "demo")
    folder.jobs.mkdir(parents=True)
    (folder.jobs / "link").symlink_to(tmp_path)
    names_in(folder.jobs)  # which keeps it open
    before = len(names_in(Path("/dev/fd")))
    for number in range(20):
        atomic.replace(folder.jobs / "file", b"x", durable=True)
        names_in(folder.jobs)
        for path in (folder.jobs / "link" / "x", folder.jobs / "missing" / "x", folder.jobs / str(number)):
            with suppress(OSError):
                confinement.check_way(path)
            with suppress(OSError):
                read_bytes(path)
    assert len(names_in(Path("/dev/fd"))) == before


def test_folders_that_are_kept_open_are_few(tmp_path: Path) -> None:
    confine(tmp_path)
    before = len(names_in(Path("/dev/fd")))
    for number in range(3 * confinement.MAX_KEPT):
        atomic.make_folder(tmp_path / "results" / str(number))
        atomic.append_line(tmp_path / "results" / str(number) / "notes", "x")
    assert len(names_in(Path("/dev/fd"))) <= before + confinement.MAX_KEPT


@pytest.mark.parametrize("place", PLACES[1:])
def test_a_folder_made_anew_is_written_to_at_once(tmp_path: Path, place: str) -> None:
    trials = StudyFolder(tmp_path, "demo").trials if place != "jobs/demo" else StudyFolder(tmp_path, "demo").jobs
    atomic.make_folder(trials)
    atomic.append_line(trials / "notes", "old")
    (tmp_path / place).rename(tmp_path / "aside")
    with pytest.raises(FileNotFoundError, match=place):
        atomic.append_line(trials / "notes", "lost")
    atomic.make_folder(trials)
    atomic.append_line(trials / "notes", "new")
    assert (trials / "notes").read_text() == "new\n"


def test_a_folder_that_the_server_forgot_is_reached_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = StudyFolder(tmp_path, "demo")
    atomic.make_folder(folder.jobs)
    with confinement.parent_of(folder.spec) as stale:
        pass
    unlink = os.unlink

    def refuse(name: str, *, dir_fd: int) -> None:
        if dir_fd == stale:
            raise OSError(ESTALE, os.strerror(ESTALE), name)
        unlink(name, dir_fd=dir_fd)

    atomic.replace(folder.spec, b"{}", durable=False)
    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(OSError, match=r"study\.json"):
        atomic.remove(folder.spec)
    takes_its_number = os.open(tmp_path, os.O_RDONLY)
    atomic.remove(folder.spec)
    os.close(takes_its_number)
