"""A search whose trials all fail in the same way stops, before it has spent all of them."""

from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Failure, FailureKind
from hyperspool.master.results.standing import Standing
from hyperspool.master.run.alike import AlikeFailures
from tests.conftest import job_of, spec_of
from tests.master.journal.test_proposer import result_of
from tests.processes import Processes, results_of

ERROR, LOST, MEMORY = FailureKind.EXCEPTION, FailureKind.WORKER_LOST, FailureKind.OUT_OF_MEMORY


def are_enough(*failures: tuple[FailureKind, str] | None, workers: int = 2, before: bool = False) -> bool:
    """Whether results that land in this order stop a study of ten trials in batches of four; None: COMPLETE."""
    spec = spec_of(trials=10, batch=4)
    standing = Standing(spec)
    if before:
        standing.results[9, 0] = result_of(job_of(9))
    alike = AlikeFailures(spec, workers)
    for trial, failure in enumerate(failures):
        result = result_of(job_of(trial))
        if failure:
            kind, message = failure
            changes = {"status": "FAILED", "value": None, "failure": Failure(kind=kind, message=message)}
            result = result.model_copy(update=changes)
        standing.results[trial, 0] = result
        alike.add(standing, result)
    return alike.are_enough


@pytest.mark.parametrize(
    ("failures", "workers", "expected"),
    [
        ([(ERROR, "KeyError: 'lr'")] * 4, 2, True),
        ([(ERROR, "KeyError: 'lr'")] * 3, 2, False),
        ([(ERROR, "KeyError: 'lr'")] * 4, 0, True),
        ([(ERROR, f"x is 0.{number} in line 3") for number in range(4)], 2, True),
        ([(ERROR, "one"), *[(ERROR, "two")] * 4], 2, False),
        ([(LOST, f"died on lab-{number}") for number in range(4)], 2, True),
        ([(MEMORY, "full")] * 4, 2, False),
        ([None, *[(ERROR, "one")] * 4], 2, False),
    ],
)
def test_failures_that_are_alike_are_counted(
    failures: list[tuple[FailureKind, str] | None], workers: int, expected: bool
) -> None:
    assert are_enough(*failures, workers=workers) is expected
    assert not are_enough(*failures, workers=workers, before=True)


def test_typo_burns_two_trials_and_says_where_it_is(root: Path, processes: Processes, tmp_path: Path) -> None:
    (tmp_path / "typo.py").write_text("def f(params, trial):\n    return params['y']\n")
    study = tmp_path / "typo.toml"
    study.write_text('trials = 30\nbatch = 2\nobjective.function = "typo:f"\n[space]\nx = { low = 0.0, high = 1.0 }\n')
    for seen in (2, 4):
        master = processes.master(study, "--workers", "2")
        assert master.wait(60) == 1
        printed = processes.output(master)
        assert "all FAILED in the same way, so the search has stopped: KeyError: 'y'" in printed
        assert 'typo.py", line 2, in f' in printed
        assert seen <= len(results_of(StudyFolder(root, "typo"))) <= seen + 4


def test_objective_that_cannot_be_imported_publishes_nothing(root: Path, processes: Processes, tmp_path: Path) -> None:
    (tmp_path / "svm.py").write_text("import no_such_module\n")
    study = tmp_path / "svm.toml"
    for objective, message in (
        ('function = "svm:f"', r"svm.py:1)"),
        ('function = "smv:f"', "No module named 'smv'"),
        ('name = "svm", command = ["./train"]', "runs the program ./train, which is not here or not executable"),
    ):
        study.write_text(f"trials = 3\nobjective = {{ {objective} }}\n[space]\nx = 1\n")
        master = processes.master(study, "--workers", "1", "--new")
        assert master.wait(60) == 2
        printed = processes.output(master)
        assert message in printed
        assert "Traceback" not in printed
    assert not list((root / "jobs").iterdir())
