"""The journal's file counts whole batches only, whether it was cut, damaged, deleted or edited by hand."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.entries import spans
from hyperspool.master.journal.file import JournalFile, JournalWriter, read_journal
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.proposer import Proposer
from tests.conftest import spec_of

SPEC = spec_of(trials=7, batch=3)


def recorded(folder: StudyFolder, spec: StudySpec = SPEC) -> Journal:
    """A journal with every batch of a study, written batch by batch."""
    writer = JournalWriter(folder, read_journal(folder, spec))
    writer.mend()
    proposer = Proposer(spec, writer.journal)
    while batch := proposer.propose({}):
        writer.append(batch)
    return writer.journal


def entries(found: JournalFile) -> list[int]:
    """The trials that a file records."""
    return [trial for trial, _ in found.journal.entries]


def test_journal_is_read_as_it_was_written(folder: StudyFolder) -> None:
    journal = recorded(folder)
    found = read_journal(folder, SPEC)
    assert (found.damage, found.is_cut_short) == (None, False)
    assert found.journal.batches == journal.batches
    assert [len(batch.proposals) for batch in journal.batches] == [3, 3, 1]


def test_study_without_a_journal_has_an_empty_one(folder: StudyFolder) -> None:
    found = read_journal(folder, SPEC)
    assert (entries(found), found.damage, found.is_cut_short) == ([], None, False)
    JournalWriter(folder, found).mend()
    assert not folder.journal.exists()


def test_batch_costs_one_flush_whatever_its_size(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(folder)
    spec = spec_of(trials=1000, batch=500)
    folder.journal.unlink()
    writer = JournalWriter(folder, read_journal(folder, spec))
    proposer = Proposer(spec, writer.journal)
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    for expected in (2, 1):  # the first append also flushes the new file's name
        flushed.clear()
        batch = proposer.propose({})
        assert batch is not None
        writer.append(batch)
        assert len(flushed) == expected


def test_journal_cut_at_any_byte_holds_its_whole_batches(folder: StudyFolder) -> None:
    recorded(folder)
    content = folder.journal.read_bytes()
    ends = [content.index(b'{"schema_version"', 1), content.rindex(b'{"schema_version"'), len(content)]
    for length in range(len(content)):
        folder.journal.write_bytes(content[:length])
        found = read_journal(folder, SPEC)
        whole = sum(length >= end for end in ends)
        assert found.damage is None
        assert entries(found) == list(range(min(3 * whole, 7)))
        assert found.is_cut_short == (length not in {0, *ends})


@pytest.mark.parametrize("length", [1, 100, 700, 1500])
def test_cut_journal_is_mended_and_goes_on(folder: StudyFolder, length: int) -> None:
    content = recorded(folder).batches
    folder.journal.write_bytes(folder.journal.read_bytes()[:length])
    assert [batch.proposals for batch in recorded(folder).batches] == [batch.proposals for batch in content]
    found = read_journal(folder, SPEC)
    assert (entries(found), found.damage, found.is_cut_short) == (list(range(7)), None, False)


def _with(number: int, change: Callable[[dict[str, object]], object]) -> Callable[[list[bytes]], list[bytes]]:
    def changed(lines: list[bytes]) -> list[bytes]:
        entry = json.loads(lines[number])
        change(entry)
        return [*lines[:number], json.dumps(entry).encode(), *lines[number + 1 :]]

    return changed


DAMAGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int, str]] = {
    "no JSON": (lambda lines: [*lines[:5], b"\0\0\0", *lines[6:]], 3, "line 6"),
    "a batch too many": (lambda lines: lines[4:], 0, "line 1: found batch 1, expected batch 0"),
    "a batch twice": (lambda lines: lines[:4] + lines[:4] + lines[4:], 3, "line 5: found batch 0, expected batch 1"),
    "a proposal lost": (
        lambda lines: lines[:2] + lines[3:],
        0,
        "line 4: found a batch",
    ),
    "a proposal too many": (lambda lines: lines[:4] + lines[3:], 3, "line 5: found a proposal, expected a batch"),
    "another batch's proposal": (
        _with(2, lambda entry: entry.update(batch=1)),
        0,
        "line 3: batch: found 1",
    ),
    "a trial twice": (_with(2, lambda entry: entry.update(trial=0)), 0, "line 3: trial 0 is proposed"),
    "a trial too many": (_with(2, lambda entry: entry.update(trial=7)), 0, "line 3: trial: found 7, expected 0 to 6"),
    "params elsewhere": (_with(2, lambda entry: entry.update(params={"x": 9.0})), 0, "line 3: params.x: found 9.0"),
    "an unknown key": (_with(2, lambda entry: entry.update(run="rm")), 0, "line 3: "),
    "a span that goes back": (_with(0, lambda entry: entry.update(told=[[5, 1, 0]])), 0, "line 1: "),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_journal_counts_up_to_its_damage(folder: StudyFolder, damage: str) -> None:
    change, whole, message = DAMAGES[damage]
    first = recorded(folder)
    damaged = b"\n".join(change(folder.journal.read_bytes().splitlines())) + b"\n"
    folder.journal.write_bytes(damaged)
    found = read_journal(folder, SPEC)
    assert found.damage is not None
    assert found.damage.startswith(message)
    assert len(found.journal.entries) == whole
    again = recorded(folder)
    assert [batch.proposals for batch in again.batches] == [batch.proposals for batch in first.batches]
    assert read_journal(folder, SPEC).journal.batches == again.batches
    aside = [path for path in folder.rejected.iterdir() if not path.name.endswith(".txt")]
    assert [path.read_bytes() for path in aside] == [damaged]


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_what_is_no_file_is_set_aside(folder: StudyFolder, tmp_path: Path, kind: str) -> None:
    make: dict[str, Callable[[], object]] = {
        "folder": folder.journal.mkdir,
        "link": lambda: folder.journal.symlink_to(tmp_path / "elsewhere"),
        "pipe": lambda: os.mkfifo(folder.journal),
    }
    make[kind]()
    assert read_journal(folder, SPEC).damage
    assert len(recorded(folder).entries) == 7
    assert not (tmp_path / "elsewhere").exists()
    assert entries(read_journal(folder, SPEC)) == list(range(7))


def _cut_short(path: Path) -> None:
    os.truncate(path, 100)


@pytest.mark.parametrize("change", [Path.unlink, _cut_short], ids=["deleted", "cut"])
def test_journal_that_changes_under_its_writer_is_written_whole_again(
    folder: StudyFolder, change: Callable[[Path], None]
) -> None:
    writer = JournalWriter(folder, read_journal(folder, SPEC))
    proposer = Proposer(SPEC, writer.journal)
    while batch := proposer.propose({}):
        writer.append(batch)
        found = read_journal(folder, SPEC)
        assert (found.journal.batches, found.damage) == (writer.journal.batches, None)
        change(folder.journal)


def test_batch_that_a_full_disk_refused_can_be_appended_again(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = JournalWriter(folder, read_journal(folder, SPEC))
    proposer = Proposer(SPEC, writer.journal)
    first = proposer.propose({})
    assert first is not None
    writer.append(first)
    second = proposer.propose({})
    assert second is not None
    write_all = atomic._write_all

    def refuse(descriptor: int, data: bytes) -> None:
        write_all(descriptor, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "_write_all", refuse)
    with pytest.raises(OSError, match="No space"):
        writer.append(second)
    assert len(writer.journal.batches) == 1
    monkeypatch.setattr(atomic, "_write_all", write_all)
    writer.append(second)
    assert read_journal(folder, SPEC).journal.batches == writer.journal.batches


def test_spans_join_consecutive_trials_of_a_rung() -> None:
    assert spans([(3, 0), (0, 0), (1, 0), (7, 1), (8, 1), (4, 0)]) == ((0, 1, 0), (3, 4, 0), (7, 8, 1))
    assert spans([]) == ()
