"""Traps that anyone who may write into the shared folder can lay there, one function each.

`outside` is a folder beside the shared one, with a file that must not be read or changed.
"""

import json
import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from hyperspool.common import atomic
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Job
from hyperspool.common.study_spec import StudySpec
from hyperspool.worker.checkpoint import Checkpoint, save_checkpoint
from tests.conftest import job_of, spec_of

Trap = Callable[[Path, Path], object]

HUGE_BYTES = 10 * 2**30
ESCAPES = "\x1b]0;owned\x07\x1b[31m\r\n\u202e"


class Exploit:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return (subprocess.call, (["touch", str(self._mark)],))


def publish(root: Path, name: str, **changes: Any) -> tuple[StudyFolder, StudySpec, Job]:
    """Publish a valid study with one open job."""
    folder, spec = StudyFolder(root, name), spec_of(name=name, **changes)
    for path in folder.folders:
        atomic.make_folder(path)
    atomic.write_once(folder.spec, spec.to_json())
    job = job_of(study=name)
    atomic.replace(folder.job(Issue(0)), job.to_json(), durable=False)
    return folder, spec, job


def pipe(path: Path) -> None:
    """Put a pipe that has no writer in place of a file."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def link(path: Path, target: Path) -> None:
    """Put a link in place of a file or folder."""
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name(f"{path.name}-was"))
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def sparse(path: Path) -> None:
    """Make a sparse file of 10 GiB, which takes no disk space."""
    with path.open("wb") as file:
        file.truncate(HUGE_BYTES)


def folder_at(path: Path) -> None:
    """Put a folder in place of a file."""
    path.unlink(missing_ok=True)
    (path / "inner").mkdir(parents=True)


def lay_all(root: Path, outside: Path) -> None:
    """Lay every trap, each in its own study."""
    precious = outside / "precious"
    _lay_links_for_folders(root, outside)
    for file in ("spec", "job", "lock"):
        for kind, lay in {
            "link": lambda path: link(path, precious),
            "pipe": pipe,
            "sparse": sparse,
            "folder": folder_at,
        }.items():
            folder, _, _ = publish(root, f"{file}-{kind}")
            lay({"spec": folder.spec, "job": folder.job(Issue(0)), "lock": folder.lock(Issue(0))}[file])
    _lay_at_ends(root, precious)
    for name, text in texts().items():
        folder, _, _ = publish(root, f"text-{name}")
        folder.spec.write_bytes(text)
        folder, _, _ = publish(root, f"job-{name}")
        folder.job(Issue(0)).write_bytes(text)
    _lay_locks(root, precious)
    _lay_names(root)


def _lay_links_for_folders(root: Path, outside: Path) -> None:
    (outside / "other").mkdir()
    elsewhere, _, _ = publish(outside / "other", "study")
    link(root / "jobs" / "linked", elsewhere.jobs)
    for name in ("", "trials", "running", "checkpoints", "workers", "rejected", "duplicates"):
        folder, _, _ = publish(root, f"folder-{name or 'results'}")
        link(folder.results / name, outside)
    folder, _, _ = publish(root, "folder-hundred")
    link(folder.trial_folder(0), outside)


def _lay_at_ends(root: Path, precious: Path) -> None:
    """Lay traps in place of the files that are written at a trial's end."""
    attempt = AttemptName(Issue(0), 1)
    for kind, lay in {"link": lambda path: link(path, precious), "pipe": pipe, "folder": folder_at}.items():
        for file in ("result", "curve", "running-curve", "checkpoint", "duplicate"):
            folder, _, _ = publish(root, f"{file}-{kind}")
            atomic.make_folder(folder.trial_folder(0))
            atomic.make_folder(folder.duplicates)
            places = {
                "result": folder.result(0),
                "curve": folder.curve(0),
                "running-curve": folder.running_curve(attempt),
                "checkpoint": folder.checkpoint(attempt),
                "duplicate": folder.duplicate(attempt),
            }
            lay(places[file])


def _lay_locks(root: Path, precious: Path) -> None:
    event = {"event": "claimed", "worker": "evil", "host": "", "pid": 1, "at": ""}
    folder, _, _ = publish(root, "lock-last-number")
    folder.lock(Issue(0)).write_text(json.dumps(event | {"attempt": 999_999}) + "\nx\n")
    folder, _, _ = publish(root, "lock-lines")
    folder.lock(Issue(0)).write_bytes(b"\n" * 2_000_000)
    folder, _, _ = publish(root, "lock-second-name")
    os.link(precious, folder.lock(Issue(0)))


def _lay_names(root: Path) -> None:
    folder, _, job = publish(root, "names")
    text = job.to_json()
    hostile = ("00000.json\n", f"{ESCAPES}.json", "x" * 250 + ".json", "..json", "00000.json ", "٠٠٠٠١.json")
    for name in hostile:
        (folder.jobs / name).write_bytes(text)
        (folder.workers / name).write_bytes(text)
        (folder.checkpoints / f"{name[:200]}00000.issue1.attempt1.pt\n").write_bytes(text)
    (root / "jobs" / "new\nline").mkdir()
    (root / "jobs" / os.fsdecode(b"\xff\xfe")).mkdir()


def lay_checkpoints(root: Path, mark: Path) -> StudyFolder:
    """Publish a CNN trial with earlier attempts, whose checkpoints are pickles that run a command, and worse."""
    params = {"num_filters": 1, "learning_rate": 0.1, "momentum": 0.5, "batch_size": 100}
    folder, _, job = publish(
        root, "checkpoints", objective={"name": "cnn"}, data={"name": "digits", "train_size": 100}, space=params
    )
    job = job.model_copy(update={"params": params})
    atomic.replace(folder.job(Issue(0)), job.to_json(), durable=False)
    event = {"event": "claimed", "attempt": 9, "worker": "evil", "host": "", "pid": 1, "at": ""}
    lines = [event, event | {"event": "released"}]
    folder.lock(Issue(0)).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    packed = mark.with_name("packed")
    torch.save({"model": Exploit(mark)}, packed)
    for number, payload in enumerate((pickle.dumps(Exploit(mark)), packed.read_bytes(), b""), start=1):
        save_checkpoint(folder.checkpoint(AttemptName(Issue(0), number)), Checkpoint(payload), job)
    packed.unlink()
    link(folder.checkpoint(AttemptName(Issue(0), 4)), mark)
    pipe(folder.checkpoint(AttemptName(Issue(0), 5)))
    sparse(folder.checkpoint(AttemptName(Issue(0), 6)))
    folder_at(folder.checkpoint(AttemptName(Issue(0), 7)))
    return folder


def texts() -> dict[str, bytes]:
    """Hostile texts in place of a record, by name: whole files of moderate size."""
    study = json.loads(spec_of().to_json())
    return {
        "deep": b"[" * 100_000,
        "deep-table": b'{"a":' * 100_000,
        "keys": json.dumps({f"k{number}": 1 for number in range(300_000)}).encode(),
        "long-key": json.dumps({"k" * 4_000_000: 1}).encode(),
        "long-text": json.dumps(study | {"name": "n" * 4_000_000}).encode(),
        "huge-integer": json.dumps(study).replace('"trials": 4', f'"trials": {"9" * 100_000}').encode(),
        "huge-exponent": json.dumps(study).replace('"high": 1.0', '"high": 1e400').encode(),
        "escapes": json.dumps(study | {ESCAPES: ESCAPES, "name": ESCAPES}).encode(),
        "not-unicode": b'{"name": "\xff\xfe"}',
        "surrogate": b'{"name": "\\ud800"}',
        "zeros": bytes(4_000_000),
        "path": json.dumps(study | {"name": "../../outside"}).encode(),
    } | _hostile_spaces(study)


def _hostile_spaces(study: dict[str, Any]) -> dict[str, bytes]:
    """Studies whose spaces are too large, or take too long to count or to order, if a reader is not careful."""

    def with_space(space: object, **changes: object) -> bytes:
        return json.dumps(study | {"space": space} | changes).encode()

    return {
        "parameters": with_space({f"p{number}": 1 for number in range(20_000)}),
        "choices": with_space({"x": list(range(500_000))}),
        "choices-many": with_space({f"x{number}": list(range(1000)) for number in range(40)}),
        "conditions": with_space(
            {f"p{number}": {"type": "fixed", "value": 1, "when": {"x": list(range(40))}} for number in range(1000)}
            | {"x": list(range(1000))}
        ),
        "chain": with_space(
            {f"p{number}": {"type": "fixed", "value": 1, "when": {f"p{number + 1}": [1]}} for number in range(999)}
            | {"p999": 1}
        ),
        "circle": with_space(
            {
                f"p{number}": {"type": "fixed", "value": 1, "when": {f"p{(number + 1) % 1000}": [1]}}
                for number in range(1000)
            }
        ),
        "grid": with_space(
            {f"p{number}": [0, 1] for number in range(500)}
            | {
                f"q{number}": {"type": "categorical", "choices": [0, 1], "when": {f"p{number}": 1}}
                for number in range(500)
            },
            sampler={"name": "grid"},
        ),
        "grid-of-one": with_space(
            {f"p{number}": [0, 1] for number in range(40)}
            | {"q": {"type": "fixed", "value": 1, "when": {f"p{number}": 1 for number in range(40)}}},
            sampler={"name": "grid"},
        ),
    }
