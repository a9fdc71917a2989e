"""The protocol holds in every possible order of its steps, and the checker detects every broken step."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common import claim
from tests.processes import REPOSITORY
from tests.protocol.checker import check
from tests.protocol.ending import PROGRAM
from tests.protocol.model import MUTATIONS, Model

CALM: dict[str, Any] = {"crashes": 0, "stops": 0}
ONE_SLOT: dict[str, Any] = {"max_issues": 1, "stops": 0}
SILENT: dict[str, Any] = {"crashes": 0, "stops": 1}

STATES = {
    "nobody dies": (Model(**CALM), 1_145),
    "two die": (Model(**ONE_SLOT, crashes=2), 18_739),
    "every evaluation kills its worker": (Model(**ONE_SLOT, crashes=1, is_deadly=True), 7_857),
    "a worker is asked to stop and a child dies": (Model(**ONE_SLOT, crashes=0, requests=1, losses=1), 4_405),
    "a worker is stopped, for a while or for ever": (Model(**SILENT), 43_040),
    "three workers, one dies": (Model(**ONE_SLOT, workers=3, crashes=1), 35_788),
    "a job is removed by hand": (Model(**CALM, removals=1), 21_688),
    "a job is removed by hand and one dies": (Model(workers=1, crashes=2, stops=0, removals=1), 28_483),
    "leases": (Model(**SILENT, is_lease=True), 38_045),
}

CAUGHT = {
    "no RECHECK": (CALM, "OpenWhileHeld"),
    "CLEAR before REPORT": (CALM, "NothingLost"),
    "REPORT by rename": (SILENT, "OneResult, NothingOverwritten"),
    "REPORT looks first": (SILENT, "OneResult, NothingOverwritten"),
    "lock file before job": (CALM, "ExclusiveClaim"),
    "files before curve": (CALM, "NoCurveLost"),
    "lock outlives its holder": (ONE_SLOT | {"crashes": 1}, "NoLeftovers"),
    "lock file taken away": (SILENT, "ExclusiveClaim"),
    "silence ignored": (SILENT, "EveryTrialEnds"),
    "START not noted": (ONE_SLOT | {"crashes": 1, "is_deadly": True}, "AttemptsApart"),
    "no CLEAR by others": (CALM, "NoLeftovers"),
    "results listed first": (CALM, "NoNeedlessIssue"),
    "name used twice": ({"crashes": 1, "stops": 0, "removals": 1, "is_deadly": True}, "AttemptsApart"),
    "issues forgotten": (SILENT, "ExclusiveClaim"),
    "lock without a name": ({"crashes": 1, "stops": 0, "removals": 1}, "ExclusiveClaim"),
}


@pytest.mark.parametrize("name", STATES)
def test_every_property_holds_in_every_state(name: str) -> None:
    model, states = STATES[name]
    verdict = check(model)
    assert verdict.broken is None, "\n".join([str(verdict.broken), *verdict.trace])
    assert verdict.states == states


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_broken_protocol_is_found_out(mutation: str) -> None:
    bounds, broken = CAUGHT[mutation]
    assert check(Model(**bounds, mutation=mutation), limit=100_000).broken == broken


def test_the_models_steps_are_named_in_the_specification() -> None:
    assert claim.__doc__
    named = {"PUBLISH", "LOCK", "RECHECK", "START", "EVALUATE", "REPORT", "CLEAR", "COLLECT", "RELEASE"}
    assert all(f"    {name} " in claim.__doc__ for name in named)
    model = Model()
    steps = {step.split()[0] for step in (*PROGRAM, "LOCK", "RECHECK", "START", "EVALUATE", "REPORT")}
    assert steps - {"UNLOCK", "TIDY", "ISSUE", "DONE"} <= named
    assert model.start.processes[1].step == "SCAN"


SPIN = {
    (): None,
    ("NO_RECHECK",): "job[issue]",
    ("CLEAR_BEFORE_REPORT",): "issued>0",
    ("REPORT_BY_RENAME",): "result==first",
    ("LOCK_FILE_BEFORE_JOB",): "holders[issue]==1",
    ("RESULTS_LISTED_FIRST",): "removals<",
    ("SILENCE_IGNORED",): "acceptance cycle (",
    ("LOCK_OUTLIVES_HOLDER", "STOPS=0"): "acceptance cycle (",
    ("REMOVALS=1", "STOPS=0"): None,
    ("REMOVALS=1", "STOPS=0", "LOCK_WITHOUT_NAME"): "holders[issue]==1",
    ("REMOVALS=1", "STOPS=0", "DEADLY", "NAME_USED_TWICE"): "attempt>files[issue]",
    ("DEADLY", "STOPS=0"): None,
    ("DEADLY", "STOPS=0", "START_NOT_NOTED"): "acceptance cycle (",
}


@pytest.mark.skipif(not (shutil.which("spin") and shutil.which("cc")), reason="needs Spin and a C compiler")
@pytest.mark.parametrize("definitions", SPIN, ids=lambda names: " ".join(names) or "unbroken")
def test_spin_finds_every_trial_to_end_and_every_mutation_out(tmp_path: Path, definitions: tuple[str, ...]) -> None:
    source = REPOSITORY / "docs" / "protocol" / "protocol.pml"

    def call(*command: str) -> str:
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=110).stdout

    call("spin", "-a", *(f"-D{name}" for name in definitions), str(source))
    call("cc", "-O1", "-DNFAIR=3", "-o", "pan", "pan.c")
    found = call("./pan", "-m1000000", "-a", "-f", "-N", "ends")
    expected = SPIN[definitions]
    if expected is None:
        assert "errors: 0" in found, found
    else:
        assert expected in found.partition("State-vector")[0], found
