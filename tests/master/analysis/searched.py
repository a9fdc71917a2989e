"""Searches that are run without workers, in the form that the analysis reads."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Attribution, Failure, FailureKind, Result, Status, Times
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData, study_data
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.proposer import Proposer
from hyperspool.master.results.reading import StudyResults

BEGIN = "2026-01-31T12:00:00.000Z"
END = "2026-01-31T12:00:02.000Z"


def searched(
    spec: StudySpec,
    value_of: Callable[[int, Params], float | None],
    done: int | None = None,
    *,
    is_recorded: bool = True,
) -> StudyData:
    """A study whose trials have given values, in the study's own direction.

    Args:
        spec: the study.
        value_of: the value of a trial; None if it failed, infinite if it diverged.
        done: how many trials have a result, counted from the first; None for all.
        is_recorded: whether the study has a journal. Without one, its proposals are reconstructed from the results.
    """
    journal, results = Journal(), StudyResults()
    proposer = Proposer(spec, journal)
    while len(results.results) == len(journal.entries) and (batch := proposer.propose({})):
        journal.add(batch)
        for entry in batch.proposals[: None if done is None else max(done - len(results.results), 0)]:
            result = result_of(spec, entry, value_of(entry.trial, entry.params))
            results.results[entry.key], results.landed_s[entry.key] = result, float(entry.trial)
            proposer.finish(result)
    return _as_read(spec, journal if is_recorded else Journal(), results)


def _as_read(spec: StudySpec, journal: Journal, results: StudyResults) -> StudyData:
    """The data of a study whose journal is read from a file."""
    with TemporaryDirectory() as root:
        folder = StudyFolder(Path(root), spec.name)
        folder.results.mkdir(parents=True)
        folder.journal.write_text("".join(f"{line}\n" for batch in journal.batches for line in batch.lines()))
        return study_data(folder, spec, results)


def result_of(spec: StudySpec, entry: ProposalEntry, value: float | None) -> Result:
    """The result of a proposal: FAILED for None; COMPLETE, diverged and with value 1 for an infinite value."""
    has_diverged = value == float("inf")
    return Result(
        study=spec.name,
        trial=entry.trial,
        issue=1,
        attempt=1,
        status=Status.FAILED if value is None else Status.COMPLETE,
        value=1.0 if has_diverged else value,
        diverged=has_diverged,
        params=entry.params,
        budget=entry.budget,
        seeds=entry.seeds,
        stage=entry.stage,
        batch=entry.batch,
        failure=Failure(kind=FailureKind.EXCEPTION, message="ValueError: boom") if value is None else None,
        attribution=Attribution(worker="lab-1", host="lab", pid=1, device="cpu", threads=1),
        times=Times(published_at=BEGIN, claimed_at=BEGIN, ended_at=END, evaluation_s=2.0, training_s=0.0),
    )


def without_result(data: StudyData, trial: int) -> StudyData:
    """The study without the result of one trial."""
    evaluations = tuple(seen for seen in data.evaluations if seen.trial != trial)
    return replace(data, trials=data.trials[data.trials["trial"] != trial], evaluations=evaluations)
