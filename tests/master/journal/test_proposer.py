"""Proposals from a journal and results, and the reconstruction of a lost journal."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from hyperspool.common.issues import EvaluationKey
from hyperspool.common.records import Job, Result, Times
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.check import checked, first_disagreement
from hyperspool.master.journal.file import JournalFile
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.proposer import Proposer
from hyperspool.master.journal.reconstruction import completed
from hyperspool.master.journal.replay import replay
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import make_sampler
from tests.conftest import spec_of
from tests.master.search.contract_studies import STUDIES

FINE: dict[str, Any] = {"name": "coarse-to-fine", "rounds": 2, "keep": 2}
ROUNDS = spec_of(trials=8, batch=3, sampler=FINE, confirm={"finalists": 2, "replicates": 2})
AT = "2026-01-01T00:00:00.000Z"
TIMES = Times(published_at=AT, claimed_at=AT, ended_at=AT, evaluation_s=1.0, training_s=0.0)


def result_of(job: Job, value: float | None = None) -> Result:
    """A COMPLETE result of a job."""
    return Result.model_validate(
        {
            **{name: getattr(job, name) for name in ("study", "trial", "issue", "params", "budget", "seeds")},
            "horizon": job.horizon,
            "starts_from": job.starts_from,
            "stage": job.stage,
            "batch": job.batch,
            "attempt": 1,
            "status": "COMPLETE",
            "value": float(job.trial * 7 % 5) if value is None else value,
            "attribution": {"worker": "w", "host": "h", "pid": 1, "device": "cpu", "threads": 1},
            "times": TIMES,
        }
    )


def whole(spec: StudySpec) -> tuple[Journal, dict[EvaluationKey, Result]]:
    """The journal and the results of a finished study."""
    journal, results = Journal(), dict[EvaluationKey, Result]()
    grow(Proposer(spec, journal), spec, journal, results)
    return journal, results


def grow(proposer: Proposer, spec: StudySpec, journal: Journal, results: dict[EvaluationKey, Result]) -> None:
    """Add all batches that a study lacks, and their results."""
    while batch := proposer.propose({}):
        journal.add(batch)
        for entry in batch.proposals:
            results[entry.key] = result_of(entry.job(spec.name))
            proposer.finish(results[entry.key])


def proposals(journal: Journal) -> list[object]:
    """Return what a journal records, without times."""
    return [(batch.head.told, batch.proposals) for batch in journal.batches]


@pytest.mark.parametrize("name", STUDIES)
def test_any_studys_journal_is_rebuilt_from_its_results(name: str) -> None:
    spec = STUDIES[name]
    journal, results = whole(spec)
    assert proposals(completed(Journal(), spec, results)) == proposals(journal)
    for kept in range(len(journal.batches)):
        again = completed(Journal(journal.batches[:kept]), spec, results)
        assert proposals(again) == proposals(journal)


def test_batch_names_the_results_it_was_given_once() -> None:
    journal, _ = whole(ROUNDS)
    assert [batch.head.told for batch in journal.batches] == [
        (),
        ((0, 2, 0),),
        ((3, 3, 0),),
        ((4, 6, 0),),
        ((7, 7, 0),),
        ((8, 10, 0),),
    ]
    assert journal.received == {(trial, 0) for trial in range(11)}


def test_nothing_is_proposed_while_the_next_batch_needs_results() -> None:
    journal, results = whole(ROUNDS)
    begun = Journal(journal.batches[:2])
    proposer = Proposer(ROUNDS, begun)
    for trial in (0, 1, 3):
        proposer.finish(results[trial, 0])
    assert proposer.propose({}) is None
    proposer.finish(results[2, 0])
    assert proposer.propose({}) is not None


def test_results_beyond_a_gap_are_not_worked_out() -> None:
    journal, results = whole(ROUNDS)
    del results[1, 0]
    found = completed(Journal(), ROUNDS, results)
    assert list(found.entries.values()) == list(Journal(journal.batches[:2]).entries.values())


def test_open_jobs_are_recorded_as_results_are() -> None:
    journal, results = whole(ROUNDS)
    jobs = [journal.entries[trial, 0].job("demo") for trial in (4, 5)]
    found = completed(Journal(), ROUNDS, {(trial, 0): results[trial, 0] for trial in range(4)}, jobs)
    assert proposals(found) == proposals(Journal(journal.batches[:3]))


def test_finished_work_stands_when_the_method_would_propose_otherwise_now() -> None:
    """A library's update may change proposals: found params are recorded, and later proposals follow from them."""
    _, results = whole(ROUNDS)
    results = {key: result for key, result in results.items() if key < (8, 0)}
    results[4, 0] = results[4, 0].model_copy(update={"params": {"x": 0.123}, "value": -1.0})
    journal = completed(Journal(), ROUNDS, results)
    assert journal.entries[4, 0].params == {"x": 0.123}
    assert (journal.entries[4, 0].stage.round, journal.entries[4, 0].batch) == (2, 2)
    proposer = Proposer(ROUNDS, journal)
    for result in results.values():
        proposer.finish(result)
    batch = proposer.propose({})
    assert batch is not None
    assert batch.proposals[0].params == {"x": 0.123}  # the best setting, now a finalist


def test_seeded_methods_are_checked_against_their_seed() -> None:
    spec = spec_of(trials=6, batch=2)
    _, results = whole(spec)
    results[4, 0] = results[4, 0].model_copy(update={"params": {"x": 0.123}})
    journal = completed(Journal(), spec, results)
    assert journal.entries[4, 0].params == make_sampler(spec).suggest(5, Known())[4].params
    assert first_disagreement(journal, spec) is None
    forged = Journal()
    for batch in journal.batches:
        entries = [replace(entry, params={"x": 0.5}) if entry.trial == 3 else entry for entry in batch.proposals]
        forged.add(type(batch)(batch.head, tuple(entries)))
    found = checked(JournalFile(forged), spec)
    assert found.damage == "trial 3 is not what the study's seed gives"
    assert len(found.journal.batches) == 1
    assert (
        checked(JournalFile(journal), spec) == JournalFile(journal)
        or checked(JournalFile(journal), spec).damage is None
    )


@pytest.mark.parametrize("sampler", ["random", "grid", "tpe"])
def test_journal_of_more_replicates_is_replayed_and_rebuilt(sampler: str) -> None:
    space = {"x": {"type": "int", "low": 0, "high": 3}}
    few = spec_of(trials=4, batch=4, sampler={"name": sampler}, space=space)
    journal, results = whole(few)
    many = few.model_copy(update={"trials": 12, "replicates": 3})
    proposer = Proposer(many, journal)
    for result in results.values():
        proposer.finish(result)
    grow(proposer, many, journal, results)
    places = [(entry.stage.setting, entry.stage.replicate) for entry in journal.entries.values()]
    assert places == [(0, 0), (1, 0), (2, 0), (3, 0), *product(range(4), (1, 2))]
    assert replay(many, journal, results).agrees
    assert first_disagreement(journal, many) is None
    again = completed(Journal(), many, results)
    assert list(again.entries.values()) == list(journal.entries.values())


def test_methods_that_look_at_results_are_not_checked_by_seed() -> None:
    journal, _ = whole(ROUNDS)
    assert first_disagreement(journal, ROUNDS) is None


def test_results_that_were_never_proposed_are_ignored() -> None:
    journal, results = whole(ROUNDS)
    proposer = Proposer(ROUNDS, Journal(journal.batches[:1]))
    for result in results.values():
        proposer.finish(result)
    batch = proposer.propose({})
    assert batch is not None
    assert list(batch.head.received_keys()) == [(0, 0), (1, 0), (2, 0)]
    assert batch.proposals[0].trial == 3


def test_confirmation_leaves_no_room_for_enqueued_settings() -> None:
    spec = spec_of(trials=4, batch=2, confirm={"finalists": 2, "replicates": 3})
    journal, _ = whole(spec)
    assert len(journal.entries) == 10
    assert Proposer(spec, journal).enqueue({f"request-{number}": {"x": number / 20} for number in range(12)}) is None
