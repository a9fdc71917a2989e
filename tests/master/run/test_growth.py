"""A published study goes on with more trials, another pace or other limits; anything else makes another study."""

from collections import Counter
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.master.studies.growth import can_become
from hyperspool.master.studies.published import read_published
from tests.commands import said
from tests.conftest import MakeStudy, spec_of
from tests.processes import Processes, results_of

FINE = {"name": "coarse-to-fine", "rounds": 2, "keep": 2}


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_grown_study_equals_one_that_was_long_from_the_start(
    tmp_path: Path, root: Path, processes: Processes, make_study: MakeStudy, sampler: str
) -> None:
    more = f'sampler.name = "{sampler}"\nspace.y = {{ low = 1, high = 900 }}'
    study = make_study("square", trials=4, batch=4, more=more)
    worker = processes.worker(objective="square")  # it serves the study before and after
    processes.finish(processes.master(study))
    printed = processes.finish(processes.master(study, "--trials", "12", "--set", "limits.time_limit_s=50"))
    assert "study demo goes on with other settings: trials 4 -> 12, limits.time_limit_s nothing -> 50.0" in printed
    assert "study demo is finished: 12 trials" in printed
    folder = StudyFolder(root, "demo")
    assert (read_published(folder).trials, read_published(folder).limits.time_limit_s) == (12, 50.0)
    assert not list(folder.rejected.glob("*"))
    grown = {trial: (result.params, result.value, result.seeds) for trial, result in results_of(folder).items()}
    processes.finish(processes.master(study, "--trials", "12", "--set", "name=long"))
    whole = results_of(StudyFolder(root, "long"))
    assert grown == {trial: (result.params, result.value, result.seeds) for trial, result in whole.items()}
    worker.terminate()
    assert worker.wait(20) == 0


def test_finished_study_gets_more_replicates_of_its_settings(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("square", trials=4, batch=4)
    worker = processes.worker(objective="square")
    processes.finish(processes.master(study))
    before = results_of(StudyFolder(root, "demo"))
    refused = processes.master(study, "--set", "replicates=3", "--trials", "8")
    assert refused.wait(20) == 2
    assert "trials: 4 settings of 3 replicates are 12 trials, found 8" in processes.output(refused)
    printed = processes.finish(processes.master(study, "--set", "replicates=3", "--trials", "15"))
    assert "study demo goes on with other settings: trials 4 -> 15, replicates 1 -> 3" in printed
    after = results_of(StudyFolder(root, "demo"))
    assert {trial: after[trial] for trial in before} == before
    settings = Counter(result.params["x"] for result in after.values())
    assert list(settings.values()) == [3] * 5
    assert "all proposed again as they are recorded" in said("master", "replay", "demo", "--root", str(root))
    worker.terminate()
    assert worker.wait(20) == 0


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        ({}, {"trials": 5}, True),
        ({}, {"trials": 3}, False),
        ({}, {"batch": 2, "mode": "asynchronous"}, True),
        ({}, {"limits": {"max_attempts": 9}}, True),
        ({}, {"stop": {"target": 0.1}}, True),
        ({"stop": {"target": 0.1, "wall_clock_s": 9}}, {"stop": {"no_improvement": 3}}, True),
        ({"stop": {"target": 0.1}, "sampler": {"name": "auto"}}, {"sampler": {"name": "auto"}}, True),
        ({}, {"trials": 9, "seed": 1}, False),
        ({}, {"budget": {"epochs": 2}}, False),
        ({"sampler": {"name": "qmc"}}, {"sampler": {"name": "qmc"}, "trials": 9}, True),
        ({"sampler": FINE, "trials": 8}, {"sampler": FINE, "trials": 12}, False),
        ({"sampler": FINE, "trials": 9}, {"sampler": FINE | {"rounds": 3}, "trials": 13}, True),
        ({"sampler": FINE, "trials": 8}, {"sampler": FINE | {"rounds": 3}, "trials": 13}, False),
        ({}, {"replicates": 3, "trials": 12}, True),
        ({}, {"replicates": 3, "trials": 9}, False),
        ({"replicates": 2}, {"replicates": 1}, False),
        ({"replicates": 2, "trials": 5}, {"replicates": 4, "trials": 12}, True),
        ({"sampler": FINE, "trials": 8}, {"sampler": FINE, "trials": 16, "replicates": 2}, True),
        ({"sampler": FINE, "trials": 8}, {"sampler": FINE, "trials": 8, "batch": 1}, True),
        ({"sampler": {"name": "auto"}}, {"sampler": {"name": "auto"}, "trials": 9}, True),
        ({"sampler": {"name": "auto"}}, {"sampler": {"name": "auto"}, "trials": 40}, False),
        ({"confirm": {"finalists": 2}}, {"confirm": {"finalists": 2}, "trials": 9}, False),
    ],
)
def test_only_what_changes_no_finished_trial_may_change(
    before: dict[str, object], after: dict[str, object], may: bool
) -> None:
    assert can_become(spec_of(**before), spec_of(**after)) is may
