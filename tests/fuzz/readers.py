"""Every reader of the shared folder's files, in a form that a fuzzer can call: bytes give a value or the right error.

The first byte of an input chooses the reader for the rest. A value must survive being written and read again.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from pydantic import BaseModel

from hyperspool.common.asked import Note
from hyperspool.common.attempts import read_history
from hyperspool.common.curve import parse_curve, read_curve, to_text
from hyperspool.common.errors import ProtocolError, UsageError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Job, Result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.check import checked
from hyperspool.master.journal.file import read_journal
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.source import find_study
from hyperspool.worker.checkpoint import Checkpoint, read_checkpoints, save_checkpoint
from tests.conftest import job_of, spec_of

MEANT = (ProtocolError, UsageError)
"""The errors that a reader may raise. `StudyError` is a `UsageError`."""


@cache
def place() -> Path:
    """A folder for this process's inputs, in memory if possible."""
    shared_memory = Path("/dev/shm")  # noqa: S108 - a fresh folder is made in it
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=shared_memory if shared_memory.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def read_any(data: bytes) -> None:
    """Give an input to the reader that its first byte chooses.

    Raises:
        Exception: the reader is broken: it raised an error that is not in `MEANT`, or lost part of a value.
    """
    names = list(READERS)
    path = place() / "file"
    path.write_bytes(data[1:])
    try:
        READERS[names[data[0] % len(names)] if data else names[0]](path)
    except MEANT as error:
        message = str(error)
        if len(message) > 50_000:  # twenty problems of moderate length
            raise AssertionError(f"a message of {len(message)} characters") from error


def input_for(reader: str, content: bytes) -> bytes:
    """The input that gives a content to a reader."""
    return bytes([list(READERS).index(reader)]) + content


def _record(model: type[BaseModel]) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        record = read_record(path, model)
        path.write_bytes(record.model_dump_json(exclude_none=True).encode())
        if read_record(path, model) != record:
            raise AssertionError(f"the record changes when it is written and read again: {record!r}")

    return read


def _study(path: Path) -> None:
    _record(StudySpec)(path)
    spec = read_record(path, StudySpec)
    params = spec.space.at(lambda name: len(name) / 100)
    if problems := spec.space.problems(params):
        raise AssertionError(f"a point of the space does not lie in it: {problems}")


def _toml(path: Path) -> None:
    written = path.with_name("study.toml")
    path.replace(written)
    find_study(str(written), path.parent, Changes())


def _curve(path: Path) -> None:
    records = read_curve(path)
    # As texts, because NaN is not equal to itself.
    text = to_text(records)
    if to_text(parse_curve(text.encode(), path)) != text:
        raise AssertionError("the curve changes when it is written and read again")


def _running_curve(path: Path) -> None:
    read_curve(path, is_running=True)


def _lock(path: Path) -> None:
    history = read_history(path)
    if not (0 <= history.counted <= history.last_attempt):
        raise AssertionError(f"counted {history.counted} of {history.last_attempt} attempts")
    history.summary()
    if history.holder is not None and history.holder.attempt > history.last_attempt:
        raise AssertionError("the holder's attempt is above the last one")


def _checkpoint(path: Path) -> None:
    list(read_checkpoints([path], job_of()))
    # No fuzzer guesses a digest. To reach the code behind it, the content is saved with the right one.
    content = path.read_bytes()
    save_checkpoint(path, Checkpoint(content), job_of())
    if [found.payload for found in read_checkpoints([path], job_of())] != [content]:
        raise AssertionError("the checkpoint changes when it is saved and read again")


def _journal(path: Path) -> None:
    spec = spec_of(trials=20, batch=4)
    folder = StudyFolder(place(), "demo")
    folder.results.mkdir(parents=True, exist_ok=True)
    path.replace(folder.journal)
    found = read_journal(folder, spec)
    for entry in found.journal.entries.values():
        if problems := spec.problems_of(entry.job(spec.name)):
            raise AssertionError(f"the journal holds proposals of another study: {problems}")
    lines = [line for batch in found.journal.batches for line in batch.lines()]
    folder.journal.write_text("".join(f"{line}\n" for line in lines))
    again = read_journal(folder, spec)
    if (again.journal.batches, again.damage, again.is_cut_short) != (found.journal.batches, None, False):
        raise AssertionError("the journal changes when it is written and read again")
    checked(found, spec)


def _names(path: Path) -> None:
    text = path.read_bytes().decode(errors="surrogateescape")
    folder = StudyFolder(place(), text)
    if Path(folder.jobs).parent != place() / "jobs" or "\n" in folder.jobs.name:
        raise AssertionError(f"a study's name leads elsewhere: {text!r}")
    if folder.job(Issue(0)).parent != folder.jobs:
        raise AssertionError(f"a job's name leads elsewhere: {text!r}")
    if folder.worker(text).parent != folder.workers:
        raise AssertionError(f"a worker's name leads elsewhere: {text!r}")


READERS: dict[str, Callable[[Path], None]] = {
    "study": _study,
    "job": _record(Job),
    "result": _record(Result),
    "heartbeat": _record(WorkerRecord),
    "curve": _curve,
    "running curve": _running_curve,
    "lock": _lock,
    "checkpoint": _checkpoint,
    "toml": _toml,
    "name": _names,
    "journal": _journal,
    "note": _record(Note),
}
"""The readers by name. An input's first byte is an index into this order, so append new readers."""
