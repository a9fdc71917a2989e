"""Notes of people: written once each, from any host, shown wherever a person looks."""

import io
import json
import subprocess
import sys
from pathlib import Path

from hyperspool.common.file_kinds import NOTE
from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.page.report import write_report
from hyperspool.master.fsck.inspection import find_breaches
from hyperspool.master.results.notes import read_notes, write_note
from hyperspool.master.results.standing import open_standing
from hyperspool.master.studies.published import read_published
from hyperspool.master.terminal.console import Terminal
from hyperspool.master.terminal.pictures import standing_view
from tests.commands import refused, said
from tests.finished import Finished
from tests.hostile.traps import link, pipe, sparse

HOSTILE = "<script>alert(1)</script> \x1b[31m[bold]red"


def noted(finished: Finished, root: Path) -> StudyFolder:
    folder = StudyFolder(finished.copy(root), "demo")
    spec = read_published(folder)
    write_note(folder, spec, HOSTILE)
    write_note(folder, spec, "the second worker was slow", trial=1)
    return folder


def test_note_is_shown_by_show_status_and_page(finished_square: Finished, tmp_path: Path) -> None:
    folder = noted(finished_square, tmp_path / "copy")
    at = ["--root", str(folder.root)]
    assert "trial 1: the second worker was slow" in said("master", "show", "demo", "1", *at)
    assert "slow" not in said("master", "show", "demo", "0", *at)
    assert "trial 1: the second worker was slow" in said("master", "status", "demo", *at)
    notes = json.loads(said("master", "status", "demo", "--json", *at))["notes"]
    assert [(note["text"], note.get("trial")) for note in notes] == [
        (HOSTILE, None),
        ("the second worker was slow", 1),
    ]
    assert json.loads(said("master", "show", "demo", "1", "--json", *at))["notes"] == notes[1:]
    page = write_report(folder, tmp_path / "report").page.read_text()
    assert "the second worker was slow" in page
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_terminal_shows_a_note_as_plain_text(finished_square: Finished, tmp_path: Path) -> None:
    folder = noted(finished_square, tmp_path / "copy")
    console = Terminal(width=120, record=True, file=io.StringIO())
    console.print(standing_view(open_standing(folder), notes=read_notes(folder)))
    assert r"<script>alert(1)</script> \x1b[31m[bold]red" in console.export_text()


def test_notes_are_never_lost_when_many_write_at_once(finished_square: Finished, tmp_path: Path) -> None:
    folder = StudyFolder(finished_square.copy(tmp_path / "copy"), "demo")
    command = [sys.executable, "-m", "hyperspool", "note", "demo", "--root", str(folder.root)]
    writers = [subprocess.Popen([*command, f"note {number}"], stdout=subprocess.DEVNULL) for number in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert sorted(note.text for note in read_notes(folder)) == ["note 0", "note 1", "note 2"]


def test_fsck_knows_notes_and_names_a_torn_one(finished_square: Finished, tmp_path: Path) -> None:
    folder = noted(finished_square, tmp_path / "copy")
    assert "in order" in said("master", "fsck", "demo", "--root", str(folder.root))
    torn = folder.path(NOTE, "20260101T000000000-abcdef")
    torn.write_bytes(b"{")
    assert len(read_notes(folder)) == 2
    assert [breach.path for breach in find_breaches(folder, read_published(folder))] == [torn]


def test_notes_that_nobody_wrote_here_are_skipped(finished_square: Finished, tmp_path: Path) -> None:
    folder = noted(finished_square, tmp_path / "copy")
    outside = tmp_path / "outside.json"
    outside.write_bytes(folder.path(NOTE, NOTE.parse(min(folder.place(NOTE.place).iterdir()).name)).read_bytes())
    link(folder.path(NOTE, "a-link"), outside)
    pipe(folder.path(NOTE, "a-pipe"))
    sparse(folder.path(NOTE, "too-long"))
    assert len(read_notes(folder)) == 2


def test_lines_of_a_note_are_set_in(finished_square: Finished, tmp_path: Path) -> None:
    folder = StudyFolder(finished_square.copy(tmp_path / "copy"), "demo")
    write_note(folder, read_published(folder), "one\ntwo", trial=0)
    printed = said("master", "show", "demo", "0", "--root", str(folder.root))
    assert "trial 0: one\n      two" in printed


def test_impossible_notes_are_refused(finished_square: Finished, tmp_path: Path) -> None:
    root = str(finished_square.copy(tmp_path / "copy"))
    assert "has no trial 4; its trials are 0 to 3" in refused(
        "master", "note", "demo", "x", "--trial", "4", "--root", root
    )
    assert "the note has 0 characters, expected 1 to 4000" in refused("master", "note", "demo", " ", "--root", root)
    assert "the note has 4001 characters" in refused("master", "note", "demo", "x" * 4001, "--root", root)
    assert read_notes(StudyFolder(Path(root), "demo")) == []
