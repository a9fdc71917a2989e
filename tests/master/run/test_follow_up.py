"""Confirming a finished search gives the same study as `--confirm` from the start."""

from pathlib import Path
from typing import Any

import pytest

from hyperspool.common import atomic
from hyperspool.common.errors import UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result
from hyperspool.master.results.standing import open_standing
from hyperspool.master.run.follow_up import FollowUp, follow_up_of
from hyperspool.master.studies.published import read_published
from tests.conftest import MakeStudy, spec_of
from tests.master.analysis.data.written import finish
from tests.processes import Processes, finished_trials

AGAIN = {"finalists": 2, "replicates": 3}
OPTIONS = ("--workers", "1", "--objective", "curved=tests.objectives:curved")


@pytest.fixture
def searched(folder: StudyFolder) -> StudyFolder:
    """The study of `spec_of()`, with all of its results."""
    for trial in range(4):
        finish(folder, trial, {"x": 0.1 * trial}, 0.5, 0.4, budget=spec_of().budget)
    return folder


def follow_up(folder: StudyFolder, **changes: Any) -> FollowUp | None:
    return follow_up_of(folder, spec_of(**changes))


def begun(folder: StudyFolder) -> tuple[FollowUp, StudyFolder]:
    """A follow-up and the folder where it is published."""
    found = follow_up(folder, confirm=AGAIN)
    assert found is not None
    target = StudyFolder(folder.root, found.spec.name)
    for path in target.folders:
        atomic.make_folder(path)
    atomic.write_once(target.spec, found.spec.to_json())
    return found, target


def test_finished_search_is_confirmed_by_a_separate_study(searched: StudyFolder) -> None:
    found = follow_up(searched, confirm=AGAIN)
    assert found is not None
    assert found.spec == spec_of(confirm=AGAIN, name="demo-confirm-2x3")
    assert read_published(searched) == spec_of()


@pytest.mark.parametrize("changes", [{}, {"seed": 1}, {"confirm": AGAIN, "seed": 1}, {"confirm": AGAIN, "trials": 5}])
def test_what_asks_for_anything_else_is_no_follow_up(searched: StudyFolder, changes: dict[str, Any]) -> None:
    assert follow_up(searched, **changes) is None


def test_a_study_that_is_not_published_confirms_by_itself(root: Path) -> None:
    assert follow_up(StudyFolder(root, "demo"), confirm=AGAIN) is None


def test_a_search_under_way_is_to_be_finished_first(searched: StudyFolder) -> None:
    searched.result(2).unlink()
    with pytest.raises(UsageError, match=r"has 3 of 4 results: finish it without --confirm, .* or add --new"):
        follow_up(searched, confirm=AGAIN)


def test_the_confirmation_of_a_confirmation_is_named_after_the_search(searched: StudyFolder) -> None:
    found, target = begun(searched)
    assert found.take_over(target) == 4
    wanted = found.spec.model_copy(update={"confirm": spec_of(confirm={"finalists": 1, "replicates": 9}).confirm})
    second = follow_up_of(target, wanted)
    assert second is not None
    assert (second.source.name, second.spec.name) == ("demo-confirm-2x3", "demo-confirm-1x9")


def test_results_and_curves_are_copied_unchanged_and_once(searched: StudyFolder) -> None:
    found, target = begun(searched)
    assert found.take_over(target) == 4
    for trial in range(4):
        first, copied = (read_record(folder.result(trial), Result) for folder in (searched, target))
        assert copied == first.model_copy(update={"study": "demo-confirm-2x3"})
        assert target.curve(trial).read_bytes() == searched.curve(trial).read_bytes()
    assert found.take_over(target) == 0


def test_interrupted_copy_resumes_and_keeps_what_is_there(searched: StudyFolder) -> None:
    found, target = begun(searched)
    found.take_over(target)
    own = target.result(1).read_bytes()
    target.result(0).unlink()
    searched.result(1).write_bytes(searched.result(1).read_bytes().replace(b'"worker": "lab-1"', b'"worker": "lab-9"'))
    assert found.take_over(target) == 1
    assert target.result(1).read_bytes() == own


def test_result_with_a_damaged_curve_is_evaluated_again(searched: StudyFolder) -> None:
    searched.curve(0).unlink()
    searched.curve(1).write_text("torn")
    found, target = begun(searched)
    assert found.take_over(target) == 2
    assert finished_trials(target) == [2, 3]


def test_confirmed_later_is_the_same_as_confirmed_from_the_start(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("curved", name="late")
    processes.finish(processes.master(study, *OPTIONS))
    published = StudyFolder(root, "late").spec.read_bytes()
    again = ("--confirm", "2", "--replicates", "2")
    printed = processes.finish(processes.master(study, *OPTIONS, *again))
    assert "the search of study late is finished: study late-confirm-2x2 takes over its 4 results" in printed
    whole = make_study("curved", name="whole")
    processes.finish(processes.master(whole, *OPTIONS, *again))
    assert _proposed(StudyFolder(root, "late-confirm-2x2")) == _proposed(StudyFolder(root, "whole"))
    late, whole_study = (open_standing(StudyFolder(root, name)).journal for name in ("late-confirm-2x2", "whole"))
    assert late.entries == whole_study.entries
    assert StudyFolder(root, "late").spec.read_bytes() == published
    assert "is finished: 8 trials\n" in processes.finish(processes.master(study, *OPTIONS, *again))


def _proposed(folder: StudyFolder) -> list[tuple[Any, ...]]:
    results = [read_record(folder.result(trial), Result) for trial in finished_trials(folder)]
    return [
        (result.trial, result.params, result.seeds, result.stage, result.value, result.epochs) for result in results
    ]
