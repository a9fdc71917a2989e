"""A study in files, with a trial in every state and a parameter of every kind, for exports to other tools."""

import json
import socket
from pathlib import Path
from typing import Any

from hyperspool.common import atomic
from hyperspool.common.curve import to_text
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Attribution, Failure, FailureKind, Result, Stage, Status, Times
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.entries import BatchEntry, ProposalEntry
from hyperspool.master.journal.journal import Batch, Journal
from hyperspool.master.search.known import Proposal
from tests.master.recorded import record

SPACE: dict[str, Any] = {
    "kind": ["adam", "sgd"],
    "momentum": {"type": "float", "low": 0.0, "high": 0.9, "step": 0.3, "when": {"kind": "sgd"}},
    "rate": {"type": "float", "low": 0.001, "high": 1.0, "log": True},
    "layers": {"type": "int", "low": 1, "high": 9, "step": 2},
    "mixed": [1, True, "auto"],
    "width": 3,
}
PARAMS: list[dict[str, Any]] = [
    {"kind": "adam", "rate": 0.1 + 0.2, "layers": 3, "mixed": 1, "width": 3},
    {"kind": "sgd", "momentum": 0.3, "rate": 0.5, "layers": 1, "mixed": True, "width": 3},
    {"kind": "adam", "rate": 0.01, "layers": 9, "mixed": "auto", "width": 3},
    {"kind": "sgd", "momentum": 0.9, "rate": 0.02, "layers": 5, "mixed": True, "width": 3},
    {"kind": "adam", "rate": 0.7, "layers": 7, "mixed": 1, "width": 3},
]
STATES = ["COMPLETE", "PRUNED", "FAILED", "RUNNING", "PENDING"]
CURVES = [(0.5, 0.25, 0.125), (0.75,), (0.9, 0.8), (0.6, 0.3)]
"""The accuracy after each epoch."""
SEVERAL: dict[str, Any] = {
    "objectives": [{"measure": "accuracy", "direction": "maximise"}, {"measure": "size_mb"}],
    "constraints": ["size_mb <= 4"],
}
"""What makes it a study of several objectives. Trial 1 is COMPLETE then, and breaks the constraint."""


def write_varied(root: Path, **changes: Any) -> StudyFolder:
    """Write the study demo: its trials are in `STATES`, one each.

    Args:
        root: a shared folder.
        **changes: keys of the study's file.
    """
    spec = StudySpec.model_validate(
        {
            "name": "demo",
            "title": "One of each",
            "trials": len(PARAMS),
            "batch": len(PARAMS),
            "objective": {"name": "mine", "direction": "maximise", "measure": "accuracy"},
            "budget": {"epochs": 3},
            "space": SPACE,
        }
        | changes
    )
    folder = StudyFolder(root, "demo")
    for path in (*folder.folders, folder.trial_folder(0)):
        atomic.make_folder(path)
    atomic.write_once(folder.spec, spec.to_json())
    proposals = [Proposal(trial, dict(params), Stage(setting=trial)) for trial, params in enumerate(PARAMS)]
    entries = tuple(ProposalEntry.of(proposal, spec, 0) for proposal in proposals)
    head = BatchEntry(batch=0, proposals=len(entries), at="2026-01-31T12:00:00.000Z")
    record(folder, Journal([Batch(head, entries)]))
    for entry in entries[:3]:
        _finish(folder, spec, entry)
    _run(folder, entries[3])
    return folder


def _curve(trial: int) -> list[EpochRecord]:
    return [
        EpochRecord.of(epoch=epoch, seconds=0.5, accuracy=number, loss=1 - number)
        for epoch, number in enumerate(CURVES[trial], start=1)
    ]


def _finish(folder: StudyFolder, spec: StudySpec, entry: ProposalEntry) -> None:
    trial, curve = entry.trial, _curve(entry.trial)
    status: Any = Status(STATES[trial]) if trial != 1 or not spec.objectives else Status.COMPLETE
    failure = Failure(kind=FailureKind.EXCEPTION, message="ValueError: <b>boom</b>")
    result = Result(
        study=spec.name,
        trial=trial,
        issue=1,
        attempt=trial + 1,
        status=status,
        value=None if status is Status.FAILED else curve[-1].metric("accuracy"),
        params=entry.params,
        budget=entry.budget,
        seeds=entry.seeds,
        stage=entry.stage,
        batch=entry.batch,
        epochs=len(curve),
        metrics=None if status is Status.FAILED else {"size_mb": 2.5 * (trial + 1)},
        failure=failure if status is Status.FAILED else None,
        attribution=Attribution(worker="lab-1", host="lab", pid=1, device="cpu", threads=1),
        times=Times(
            published_at="2026-01-31T12:00:00.000Z",
            claimed_at=f"2026-01-31T12:00:{10 + trial}.250Z",
            ended_at=f"2026-01-31T12:00:{20 + trial}.000Z",
            evaluation_s=9.75,
            training_s=0.5 * len(curve),
        ),
    )
    atomic.write_once(folder.result(trial), result.to_json())
    atomic.write_once(folder.curve(trial), to_text(curve).encode())


def _run(folder: StudyFolder, entry: ProposalEntry) -> None:
    """Leave the files of a worker that has trained two epochs of a trial."""
    issue = Issue(entry.trial, entry.rung, 1)
    at = "2026-01-31T12:00:30.000Z"
    claimed = {"event": "claimed", "attempt": 1, "worker": "lab-2", "host": "lab", "pid": 1, "at": at}
    atomic.write_once(folder.job(issue), entry.job(folder.name).to_json())
    atomic.write_once(folder.lock(issue), json.dumps(claimed).encode() + b"\n")
    atomic.write_once(folder.running_curve(AttemptName(issue, 1)), to_text(_curve(entry.trial)).encode())
    heartbeat = WorkerRecord(
        worker="lab-2",
        host=socket.gethostname(),
        pid=1,
        device="cpu",
        state="running",
        trial=entry.trial,
        rung=0,
        issue=1,
        attempt=1,
        epoch=2,
        epochs=3,
        beat=1,
        at=at,
    )
    atomic.replace(folder.worker("lab-2"), heartbeat.to_json(), durable=False)
