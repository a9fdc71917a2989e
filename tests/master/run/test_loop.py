"""Rounds and finalists do not depend on the workers or on stops of the master, with real processes."""

from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.space import Params
from tests.conftest import MakeStudy, study_text
from tests.finished import Finished, run_to_its_end
from tests.processes import Processes, results_of

FINE = """
sampler = { name = "coarse-to-fine", rounds = 3, keep = 2 }
confirm = { finalists = 2, replicates = 3 }
[space.rate]
type = "float"
low = 1e-4
high = 1.0
log = true
coarse = [1e-4, 1e-3, 1e-2, 0.1, 1.0]
"""


def finish(processes: Processes, study: Path, workers: int) -> str:
    options = ("--workers", str(workers), "--objective", "square=tests.objectives:square")
    return processes.finish(processes.master(study, *options))


def proposed(folder: StudyFolder) -> dict[int, tuple[Params, int]]:
    return {trial: (result.params, result.seeds.initialisation) for trial, result in results_of(folder).items()}


@pytest.fixture(scope="module")
def fine(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A search in rounds, finished by one worker."""
    options = ("--workers", "1", "--objective", "square=tests.objectives:square")
    study = study_text("square", trials=12, batch=3, more=FINE)
    return run_to_its_end(tmp_path_factory.mktemp("fine"), "demo", study, *options)


@pytest.mark.parametrize("lost", [3, 8, 13, 17])
def test_proposals_are_the_same_for_any_workers_and_stops(
    root: Path, processes: Processes, fine: Finished, lost: int
) -> None:
    study = fine.copy(root) / "demo.toml"
    folder = StudyFolder(root, "demo")
    whole = proposed(folder)
    assert sorted(whole) == list(range(18))
    # A master that was stopped with its workers leaves the results so far.
    for trial in range(lost, 18):
        folder.result(trial).unlink()
    finish(processes, study, workers=2)
    assert proposed(folder) == whole


@pytest.mark.parametrize("sampler", ["tpe", "cmaes"])
def test_learning_goes_on_from_the_journal_as_without_a_stop(
    root: Path, processes: Processes, make_study: MakeStudy, sampler: str
) -> None:
    startup = "" if sampler == "cmaes" else ", startup = 3"
    more = f'sampler = {{ name = "{sampler}"{startup} }}\nspace.y = {{ low = 1, high = 9 }}'
    study = make_study("square", trials=12, batch=3, more=more)
    finish(processes, study, workers=2)
    folder = StudyFolder(root, "demo")
    whole = proposed(folder)
    lines = folder.journal.read_text().splitlines(keepends=True)
    assert len(lines) == 4 + 12
    folder.journal.write_text("".join(lines[: 2 * 4]))  # two batches: a master that was stopped then knew no more
    for trial in range(6, 12):
        folder.result(trial).unlink()
    finish(processes, study, workers=1)
    assert proposed(folder) == whole


def test_finished_run_ranks_finalists_by_their_fresh_replicates(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("square", trials=8, batch=8)
    options = ("--confirm", "2", "--replicates", "3", "--workers", "1", "--objective", "square=tests.objectives:square")
    printed = processes.finish(processes.master(study, *options))
    best = sorted(results_of(StudyFolder(root, "demo")).items(), key=lambda entry: entry[1].value or 0.0)
    first = min(trial for trial, result in best if result.params == best[0][1].params)
    assert "8 trials of square, 1 epoch each, all at once; then the best 2 settings again, 3 times each" in printed
    assert "study demo is finished: 14 trials" in printed
    assert "the best 3 of the search" in printed
    assert f"Trial {first}'s setting wins: by the replicates it is better than every other finalist." in printed
