"""All that is known of one trial: its params, how it ended or where it is, its files, and what it printed last."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hyperspool.common.asked import Note
from hyperspool.common.attempts import read_history
from hyperspool.common.curve import read_curve
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.errors import ProtocolError, UsageError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import EvaluationName
from hyperspool.common.layout import StudyFolder
from hyperspool.common.measures import values_of
from hyperspool.common.outcome import Finished
from hyperspool.common.output import find_log, last_lines_of
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result, Seeds, Status
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.trial_folders import files_path
from hyperspool.master.results.generations import lineage_of
from hyperspool.master.results.notes import notes_json, read_notes
from hyperspool.master.results.standing import Standing, open_standing
from hyperspool.master.results.wording import broken_text

LAST_LINES = 10


@dataclass(frozen=True)
class OneTrial:
    """A trial, on the highest rung that it has reached.

    Attributes:
        name: trial and rung.
        status: its state there.
        params: its params; None if it was not proposed yet.
        result: its result there.
        lower: its results on the rungs below.
        seeds: those of its randomness; None if it was not proposed yet.
        curve: its epochs so far.
        worker: the worker that evaluates it now.
        attempts: how the failed attempts at its open job ended, for people; empty if none failed.
        files: those of its files that exist, by what they are.
        last_lines: what it printed last, safe to show.
        values: what it measured for each of the study's several objectives, by measure; empty if the study has one.
        breaks: the constraints that it breaks; empty if none.
        notes: what people noted of it, the oldest first.
        lineage: the trial, and those from whose checkpoints it comes, the latest first; empty if it began by itself.
    """

    name: EvaluationName
    status: Status
    params: Params | None
    result: Result | None = None
    lower: list[Finished] = field(default_factory=list)
    seeds: Seeds | None = None
    curve: tuple[EpochRecord, ...] = ()
    worker: WorkerRecord | None = None
    attempts: str = ""
    files: dict[str, Path] = field(default_factory=dict)
    last_lines: tuple[str, ...] = ()
    values: dict[str, float] = field(default_factory=dict)
    breaks: str = ""
    notes: tuple[Note, ...] = ()
    lineage: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The trial as `show --json` prints it. What is not known or not there is left out."""
        result = self.result.model_dump(mode="json", exclude_none=True) if self.result else {}
        kept = ("value", "diverged", "metrics", "failure", "epochs", "issue", "attempt", "attribution", "times")
        return {
            "trial": self.name.trial,
            "rung": self.name.rung,
            "status": self.status.value,
            "params": self.params,
            **{name: result[name] for name in kept if name in result},
            **({"values": self.values} if self.values else {}),
            **({"breaks": self.breaks} if self.breaks else {}),
            **({"seeds": asdict(self.seeds)} if self.seeds else {}),
            **({"lineage": list(self.lineage)} if self.lineage else {}),
            **({"attempts": self.attempts} if self.attempts else {}),
            **({"worker": self.worker.model_dump(mode="json", exclude_none=True)} if self.worker else {}),
            "lower_rungs": [{"rung": each.rung, "value": each.value, "epochs": each.epochs} for each in self.lower],
            "files": {what: str(path) for what, path in self.files.items()},
            **({"kept_files": result["files"]} if "files" in result else {}),
            **notes_json(self.notes),
            "last_lines": list(self.last_lines),
        }


def look_at_trial(folder: StudyFolder, trial: int) -> OneTrial:
    """Read what is known of a trial.

    Raises:
        UsageError: the study has no such trial.
        ProtocolError: its `study.json` is not a valid study.
    """
    standing = open_standing(folder)
    if not 0 <= trial < standing.spec.all_trials:
        raise UsageError(
            f"study {folder.name} has no trial {trial}; its trials are 0 to {standing.spec.all_trials - 1}"
        )
    of_trial = [key for key in (*standing.journal.entries, *standing.results) if key[0] == trial]
    name = EvaluationName(*max(of_trial, default=(trial, 0)))
    result = _result(folder, name) if name in standing.results else None
    entry = standing.journal.entries.get(name)
    worker = next((one for one in standing.running() if (one.trial, one.rung or 0) == name), None)
    log = find_log(folder, name)
    files = {what: path for what, path in _files(folder, name) if path.exists()}
    return OneTrial(
        name=name,
        status=standing.spec.trial_status(result) if result else Status.RUNNING if worker else Status.PENDING,
        params=result.params if result else entry.params if entry else None,
        result=result,
        lower=_lower(standing, name),
        worker=worker,
        attempts=_attempts(folder, name),
        seeds=result.seeds if result else entry.seeds if entry else None,
        curve=_curve(files),
        files=files,
        last_lines=last_lines_of(log, LAST_LINES) if log else (),
        values=_values(standing.spec, result) if result else {},
        breaks=broken_text(result, standing.spec) if result else "",
        notes=tuple(read_notes(folder, trial)),
        lineage=lineage_of(trial, standing.journal.entries) if entry and entry.starts_from is not None else (),
    )


def _result(folder: StudyFolder, name: EvaluationName) -> Result | None:
    with suppress(OSError, ProtocolError):  # it was removed or replaced a moment ago
        return read_record(folder.result(*name), Result)
    return None


def _curve(files: Mapping[str, Path]) -> tuple[EpochRecord, ...]:
    """The epochs of the finished curve, else of the last attempt's running one; empty if there is none to read."""
    running = [path for what, path in files.items() if what.startswith("running curve")]
    for path in [files["curve"]] if "curve" in files else running[-1:]:
        with suppress(OSError, ProtocolError):  # the attempt has just ended, or the file is damaged, which fsck says
            return tuple(read_curve(path, is_running=True))
    return ()


def _values(spec: StudySpec, result: Finished) -> dict[str, float]:
    measures = [goal.measure for goal in spec.objectives or ()]
    return dict(zip(measures, values_of(spec, result), strict=False))


def _lower(standing: Standing, name: EvaluationName) -> list[Finished]:
    found = (standing.results.get((name.trial, rung)) for rung in range(name.rung))
    return [result for result in found if result]


def _attempts(folder: StudyFolder, name: EvaluationName) -> str:
    for issue in reversed(folder.locked_issues()):
        if issue.evaluation == name:
            try:
                history = read_history(folder.lock(issue))
            except (OSError, ProtocolError):
                return ""
            return "; ".join(f"attempt {loss.attempt} on {loss.worker}: {loss.reason}" for loss in history.ended_losses)
    return ""


def _files(folder: StudyFolder, name: EvaluationName) -> Iterator[tuple[str, Path]]:
    for issue in folder.open_issues():
        if issue.evaluation == name:
            yield "job", folder.job(issue)
            for attempt, path in folder.attempt_files(issue):
                what = "running curve" if path == folder.running_curve(attempt) else "checkpoint"
                yield f"{what} of attempt {attempt.number}", path
    yield "result", folder.result(*name)
    yield "curve", folder.curve(*name)
    yield "files that it kept", files_path(folder, name)
    yield "kept checkpoint", folder.kept_checkpoint(*name)
    if log := find_log(folder, name):
        yield "output", log
