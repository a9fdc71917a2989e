"""`finalize` trains the winner on training and validation data, and reads the test part once."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from hyperspool.common.errors import StudyError, UsageError
from hyperspool.common.final import final_folder, final_name
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.common.records import Attribution, Budget, Failure, FailureKind, Result, Seeds, Status, Times
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.finalize.answer import answer_of, give_answer, read_answer, wilson
from hyperspool.master.finalize.card import answer_text
from hyperspool.master.finalize.choice import choose, final_spec
from hyperspool.master.results.standing import Standing
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.source import find_study
from hyperspool.worker.training.data import load_test_part
from hyperspool.worker.training.model import make_model
from hyperspool.worker.training.params import MlpParams
from hyperspool.worker.training.validation import evaluate
from tests.conftest import spec_of
from tests.finished import Finished, run_to_its_end
from tests.master.recorded import journal_of
from tests.processes import Processes, finished_trials, results_of, until

STUDY = """
trials = 3
batch = 3
objective.name = "mlp"
budget.epochs = 2
data = { name = "digits", train_size = 200 }
space.learning_rate = { type = "float", low = 0.01, high = 0.3, log = true }
space.hidden_units = 20
"""


@pytest.fixture
def study(root: Path) -> Path:
    """A small search on real digits."""
    path = root / "small.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The small search, finished."""
    return run_to_its_end(tmp_path_factory.mktemp("small"), "small", STUDY, "--workers", "1")


def finalize(processes: Processes, *arguments: str) -> str:
    return processes.finish(processes.start("master", "finalize", "small", "--root", str(processes.root), *arguments))


def refused(processes: Processes, *arguments: str) -> str:
    process = processes.start("master", *arguments, "--root", str(processes.root))
    assert process.wait(60) == 2
    return " ".join(processes.output(process).split())


def test_the_winner_is_trained_measured_once_and_described(
    root: Path, searched: Finished, processes: Processes
) -> None:
    searched.copy(root)
    printed = finalize(processes, "--out", str(root / "copy"))
    folder, final = StudyFolder(root, "small"), StudyFolder(root, "small-final")
    answer = read_answer(folder)
    assert answer
    assert answer.test_error is not None
    winner = min(results_of(folder).values(), key=lambda result: result.value or 0.0)
    assert (answer.trial, answer.params) == (winner.trial, winner.params)
    assert f"{answer.test_errors} of 397 test images" in printed

    # The model's errors are those of the answer, to the last image.
    model = make_model(MlpParams(learning_rate=0, momentum=0, batch_size=1, hidden_units=20), (1, 28, 28), 10)
    model.load_state_dict(torch.load(final_folder(folder) / "model.pt", weights_only=True))
    assert evaluate(model, load_test_part("digits", Path()), torch.device("cpu"))[1] == answer.test_error

    card = (final_folder(folder) / "model-card.md").read_text()
    seeds = results_of(final)[0].seeds
    for phrase in ("must not be used for", "3 trials by random search", "600 images", str(seeds.shuffling), "torch"):
        assert phrase in card
    assert json.loads((final_folder(folder) / "params.json").read_text()) == winner.params
    assert sorted(path.name for path in (root / "copy").iterdir()) == [
        "answer.json",
        "curves.png",
        "curves.svg",
        "model-card.md",
        "model.pt",
        "params.json",
    ]
    assert list(final_folder(final).iterdir()) == []  # the model was moved

    again = finalize(processes)
    assert "the test part was read before, for study " in again
    assert f"{answer.test_errors} of 397 test images" in again
    assert results_of(final)[0].times.ended_at == answer.evaluated_at


def test_answered_test_part_is_never_read_again(root: Path, searched: Finished, processes: Processes) -> None:
    searched.copy(root)
    first = finalize(processes).splitlines()[-2:]
    for place in (root / "jobs", root / "results"):
        (place / "small-final").rename(root / f"moved-{place.name}")
    assert finalize(processes).splitlines()[-2:] == first
    assert not StudyFolder(root, "small-final").jobs.exists()


def test_killed_in_the_middle_it_goes_on_and_answers_once(root: Path, study: Path, processes: Processes) -> None:
    processes.finish(processes.master(study, "--workers", "1", "--trials", "1", "--epochs", "150"))
    final = StudyFolder(root, "small-final")
    master = processes.start("master", "finalize", "small", "--root", str(root))
    until(lambda: list(final.checkpoints.glob("*.pt")), "a checkpoint", root)
    os.kill(master.pid, signal.SIGKILL)  # its worker saves and exits
    assert read_answer(StudyFolder(root, "small")) is None
    printed = finalize(processes)
    answer = read_answer(StudyFolder(root, "small"))
    assert answer
    assert f"{answer.test_errors} of 397" in printed
    assert finished_trials(final) == [0]
    assert results_of(final)[0].resumed_from_epoch > 0


def test_a_users_objective_is_refused_in_one_message(root: Path, processes: Processes) -> None:
    (root / "small.toml").write_text(
        "trials = 2\nobjective.name = 'square'\nbudget.epochs = 1\nspace.x = {type = 'float', low = 0, high = 1}\n"
    )
    objective = ("--objective", "square=tests.objectives:square")
    processes.finish(processes.master(root / "small.toml", "--workers", "1", *objective))
    message = refused(processes, "finalize", "small")
    assert "error: study small evaluates square, an objective of your own" in message
    assert not StudyFolder(root, "small-final").jobs.exists()


def test_run_does_not_evaluate_on_the_test_part(root: Path, study: Path, processes: Processes) -> None:
    message = refused(processes, "run", str(study), "--set", "data.final=true")
    assert "data.final: the test part is read once" in message
    spec = final_spec(find_study(str(study), root, Changes()), {"learning_rate": 0.1, "hidden_units": 20})
    folder = StudyFolder(root, spec.name)
    folder.jobs.mkdir(parents=True)
    folder.spec.write_bytes(spec.to_json())
    assert "master finalize small --root" in refused(processes, "run", "small-final")


def test_a_search_on_the_test_part_is_no_study(study: Path, root: Path) -> None:
    for changes in ("trials=1", 'name="x-final"'):
        with pytest.raises(StudyError, match=r"data\.final"):
            find_study(str(study), root, Changes.parse({}, ["data.final=true", changes]))


def result_of(spec: StudySpec, trial: int, x: float, value: float | None, *, diverged: bool = False) -> Result:
    failure = None if value is not None else Failure(kind=FailureKind.EXCEPTION, message="no")
    return Result(
        study=spec.name,
        trial=trial,
        issue=1,
        attempt=1,
        status=Status.FAILED if failure else Status.COMPLETE,
        value=value,
        diverged=diverged,
        params={"learning_rate": x},
        budget=Budget(epochs=spec.epochs),
        seeds=Seeds(initialisation=1, shuffling=2, dropout=3),
        failure=failure,
        attribution=Attribution(worker="w", host="h", pid=1, device="cpu", threads=1),
        times=Times(published_at="", claimed_at="", ended_at="then", evaluation_s=1, training_s=1),
    )


def standing(*values: tuple[float, float | None], **changes: Any) -> Standing:
    """A study with these (learning rate, value) pairs as results, and its master's journal."""
    table: dict[str, Any] = {
        "objective": {"name": "mlp"},
        "space": {"learning_rate": {"type": "float", "low": 0.0, "high": 1.0}},
        "trials": len(values),
    }
    spec = spec_of(**(table | changes))
    results = {(trial, 0): result_of(spec, trial, *pair) for trial, pair in enumerate(values)}
    return Standing(spec, {**results}, journal=journal_of(spec, results))


def test_the_winner_is_the_setting_with_the_best_mean() -> None:
    found = choose(standing((0.1, 0.5), (0.1, 0.3), (0.2, 0.2), (0.2, 0.7), (0.3, None), (0.3, None), replicates=2))
    assert (found.trial, found.params) == (0, {"learning_rate": 0.1})
    assert "the setting of trial 0, evaluated 2 times, had the best mean" in found.reason


def test_of_confirmed_finalists_only_the_fresh_values_count() -> None:
    again = {"finalists": 2, "replicates": 2}
    found = choose(
        standing((0.1, 0.0), (0.2, 0.9), (0.1, 0.4), (0.2, 0.3), (0.1, 0.4), (0.2, 0.3), trials=2, confirm=again)
    )
    assert (found.trial, found.params) == (1, {"learning_rate": 0.2})
    assert "the best 2 settings evaluated again 2 times each" in found.reason


def test_of_an_ablation_the_best_test_case_wins() -> None:
    ablation = {"base": {"learning_rate": 0.1}, "improvements": [{"name": "fast", "params": {"learning_rate": 0.2}}]}
    values = ((0.1, 0.1), (0.2, 0.9), (0.1, 0.4), (0.2, 0.3), (0.1, 0.4), (0.2, 0.3))
    found = choose(standing(*values, trials=2, ablation=ablation, confirm={"replicates": 2}))
    assert (found.trial, found.params) == (1, {"learning_rate": 0.2})
    assert "in 2 test cases of an ablation; the best setting of each case was evaluated again 2 times" in found.reason


def test_winner_keeps_every_constraint_or_there_is_none() -> None:
    limited = standing((0.1, 0.1), (0.2, 0.4), (0.3, 0.3), constraints=["validation_error >= 0.2"])
    assert choose(limited).trial == 2
    with pytest.raises(UsageError, match="no setting of study demo keeps every constraint"):
        choose(standing((0.1, 0.1), (0.2, 0.4), constraints=["validation_error >= 0.5"]))


def test_of_several_objectives_there_is_no_winner() -> None:
    objectives = [{"measure": "validation_error"}, {"measure": "seconds"}]
    with pytest.raises(UsageError, match="has several objectives, so no setting is the best"):
        choose(standing((0.1, 0.1), (0.2, 0.2), objectives=objectives))


def test_an_unfinished_study_has_no_last_word() -> None:
    with pytest.raises(UsageError, match="study demo has 2 of 3 results: finish it first"):
        choose(standing((0.1, 0.1), (0.2, 0.2), trials=3))


def test_a_study_without_a_value_has_no_winner() -> None:
    with pytest.raises(UsageError, match="there is nothing to choose"):
        choose(standing((0.1, None), (0.2, None)))


def test_a_name_that_leaves_no_room_is_refused() -> None:
    spec = standing((0.1, 0.1), name="n" * 62).spec
    with pytest.raises(UsageError, match="give the study a shorter name"):
        final_spec(spec, {"learning_rate": 0.1})


def test_the_final_evaluation_has_the_searchs_budget_seed_and_claim() -> None:
    spec = standing((0.1, 0.1), seed=7, claim=ClaimMode.LEASE, budget={"epochs": 9}).spec
    final = final_spec(spec, {"learning_rate": 0.1})
    assert (final.name, final.seed, final.claim, final.epochs) == (final_name("demo"), 7, spec.claim, 9)
    assert final.all_trials == 1


@pytest.mark.parametrize(
    ("wrong", "count", "low", "high"),
    # Formula: Brown, Cai and DasGupta 2001, Interval estimation for a binomial proportion; values computed by hand.
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 10, 0.0179, 0.4042), (50, 100, 0.4038, 0.5962)],
)
def test_the_interval_is_wilsons(wrong: int, count: int, low: float, high: float) -> None:
    assert list(wilson(wrong, count)) == pytest.approx([low, high], abs=5e-5)


def test_there_is_no_interval_of_nothing() -> None:
    with pytest.raises(ValueError, match="0 of 0"):
        wilson(0, 0)


def test_the_first_answer_stands(root: Path) -> None:
    folder = StudyFolder(root, "demo")
    spec = standing((0.1, 0.1)).spec
    metrics = {"test_examples": 10.0, "test_errors": 1.0}
    first, second = (
        answer_of(result_of(spec, 0, 0.1, value).model_copy(update={"metrics": metrics}), "demo", 0, "by lot")
        for value in (0.1, 0.2)
    )
    assert give_answer(folder, first) == first
    assert give_answer(folder, second) == first
    assert read_answer(folder) == first


def test_final_training_that_diverged_has_no_number(root: Path) -> None:
    answer = answer_of(result_of(standing((0.1, 0.1)).spec, 0, 0.1, 0.9, diverged=True), "demo", 0, "by lot")
    assert answer.diverged
    assert answer.test_error is None
    assert "diverged" in answer_text(answer)
