"""The protocol holds in every order in which its steps can come, and the checker finds out whoever breaks it."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common import claim
from tests.processes import REPOSITORY
from tests.protocol.checker import PROGRAM, check
from tests.protocol.model import MUTATIONS, Model

CALM: dict[str, Any] = {"crashes": 0, "stops": 0}
ONE_ISSUE: dict[str, Any] = {"max_issues": 1, "stops": 0}
SILENT: dict[str, Any] = {"crashes": 0, "stops": 1}
NO_JOURNAL: dict[str, Any] = {"lost_journals": 1}
TWO_RUNGS: dict[str, Any] = {"rungs": 2}

STATES = {
    "nobody dies": (Model(**CALM), 1_188),
    "two die": (Model(**ONE_ISSUE, crashes=2), 19_664),
    "every evaluation kills its worker": (Model(**ONE_ISSUE, crashes=1, is_deadly=True), 8_252),
    "a worker is asked to stop and a child dies": (Model(**ONE_ISSUE, crashes=0, requests=1, losses=1), 4_568),
    "a worker is stopped, for a while or for ever": (Model(**SILENT), 81_655),
    "three workers, one dies": (Model(**ONE_ISSUE, workers=3, crashes=1), 37_198),
    "a job is removed by hand": (Model(**CALM, removals=1), 27_191),
    "a job is removed by hand and one dies": (Model(workers=1, crashes=2, stops=0, removals=1), 34_779),
    "leases": (Model(**SILENT, is_lease=True), 43_841),
    "the journal is lost": (Model(**CALM, **NO_JOURNAL), 3_638),
    "the journal is lost and one dies": (Model(**ONE_ISSUE, **NO_JOURNAL, crashes=1), 23_485),
    "two rungs": (Model(**TWO_RUNGS, **CALM), 18_132),
    "two rungs, one worker, two die": (Model(**TWO_RUNGS, **ONE_ISSUE, workers=1, crashes=2), 29_397),
    "two rungs, one worker, the journal is lost and one dies": (
        Model(**TWO_RUNGS, **ONE_ISSUE, **NO_JOURNAL, workers=1, crashes=1),
        17_975,
    ),
    "two rungs, every evaluation kills its worker": (
        Model(**TWO_RUNGS, **ONE_ISSUE, crashes=1, is_deadly=True),
        10_304,
    ),
}

CAUGHT = {
    "no RECHECK": (CALM, "OpenWhileHeld"),
    "CLEAR before REPORT": (CALM, "NothingLost"),
    "REPORT by rename": (SILENT, "OneResult, NothingOverwritten"),
    "REPORT looks first": (SILENT, "OneResult, NothingOverwritten"),
    "lock file before job": (CALM, "ExclusiveClaim"),
    "files before curve": (CALM, "NoCurveLost"),
    "files before checkpoint": (CALM | TWO_RUNGS, "CheckpointKept"),
    "checkpoint removed at promotion": (CALM | TWO_RUNGS, "CheckpointKept"),
    "lock outlives its holder": (ONE_ISSUE | {"crashes": 1}, "NoLeftovers"),
    "lock file taken away": (SILENT, "ExclusiveClaim"),
    "superseded job left": (SILENT, "OneOpenIssue"),
    "withdrawn before published again": (SILENT, "NothingLost"),
    "silence ignored": (SILENT, "EveryTrialEnds"),
    "START not noted": (ONE_ISSUE | {"crashes": 1, "is_deadly": True}, "AttemptsApart"),
    "no CLEAR by others": (CALM, "NoLeftovers"),
    "results listed first": (CALM, "NoNeedlessIssue"),
    "name used twice": ({"crashes": 1, "stops": 0, "removals": 1, "is_deadly": True}, "AttemptsApart"),
    "issues forgotten": (SILENT, "ExclusiveClaim"),
    "lock without a name": ({"crashes": 1, "stops": 0, "removals": 1}, "ExclusiveClaim"),
    "published before recorded": (CALM, "RecordedFirst"),
    "proposed again": (ONE_ISSUE | {"crashes": 1}, "SameProposal"),
    "record not made again": (CALM | NO_JOURNAL, "SameProposal"),
    "record made from results first": (ONE_ISSUE | NO_JOURNAL | {"crashes": 1}, "SameProposal"),
}


MANY_STATES = 20_000
"""More than this take the checker several seconds: `make chaos` looks at them. Spin looks at as many in one."""


def marked(name: str) -> Any:
    """A model's name, with its mark."""
    return pytest.param(name, marks=pytest.mark.exhaustive) if STATES[name][1] > MANY_STATES else name


@pytest.mark.parametrize("name", [marked(name) for name in STATES])
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
    named = {"RECORD", "PUBLISH", "LOCK", "RECHECK", "START", "EVALUATE", "REPORT", "CLEAR", "COLLECT", "RELEASE"}
    named |= {"WITHDRAW", "DROP"}
    assert all(f"    {name} " in claim.__doc__ for name in named)
    steps = {step.split()[0] for step in PROGRAM}
    assert steps - {"SCAN", "READ", "UNLOCK", "TIDY", "ISSUE", "DONE"} == named - {"RELEASE"}


SPIN = {
    (): None,
    ("SUPERSEDED_JOB_LEFT",): "==1)|| !((job[",
    ("WITHDRAWN_BEFORE_PUBLISHED_AGAIN",): "issued[0]>0",
    ("NO_RECHECK",): "job[issue]",
    ("CLEAR_BEFORE_REPORT",): "issued[0]>0",
    ("REPORT_BY_RENAME",): "result[0]!=first[0]",
    ("LOCK_FILE_BEFORE_JOB",): "holders[issue]==1",
    ("RESULTS_LISTED_FIRST",): "removals<",
    ("SILENCE_IGNORED",): "acceptance cycle (",
    ("LOCK_OUTLIVES_HOLDER", "STOPS=0"): "acceptance cycle (",
    ("REMOVALS=1", "STOPS=0"): None,
    ("REMOVALS=1", "STOPS=0", "LOCK_WITHOUT_NAME"): "holders[issue]==1",
    ("REMOVALS=1", "STOPS=0", "DEADLY", "NAME_USED_TWICE"): "attempt>files[issue]",
    ("DEADLY", "STOPS=0"): None,
    ("DEADLY", "STOPS=0", "START_NOT_NOTED"): "acceptance cycle (",
    ("LOST_JOURNALS=1", "STOPS=0"): None,
    ("RECORD", "PUBLISHED_BEFORE_RECORDED"): "recorded[0]==journal[0]",
    ("RECORD", "PROPOSED_AGAIN"): "record[0]==published[0]",
    ("LOST_JOURNALS=1", "NOT_RECORDED_AGAIN"): "record[0]==published[0]",
    ("LOST_JOURNALS=1", "STOPS=0", "RECORDED_FROM_RESULTS_FIRST"): "record[0]==published[0]",
    ("RUNGS=2", "CRASHES=0"): None,
    ("RUNGS=2", "CRASHES=0", "FILES_BEFORE_CHECKPOINT"): "kept||",
    ("RUNGS=2", "CRASHES=0", "CHECKPOINT_REMOVED_AT_PROMOTION"): "kept||",
}

LARGE = {(), ("REMOVALS=1", "STOPS=0"), ("RUNGS=2", "CRASHES=0")}
"""State spaces so large that the compiler's optimisation saves more time than it takes."""


@pytest.mark.skipif(not (shutil.which("spin") and shutil.which("cc")), reason="needs Spin and a C compiler")
@pytest.mark.parametrize("definitions", SPIN, ids=lambda names: " ".join(names) or "unbroken")
def test_spin_finds_every_trial_to_end_and_every_mutation_out(tmp_path: Path, definitions: tuple[str, ...]) -> None:
    source, expected = REPOSITORY / "docs" / "protocol" / "protocol.pml", SPIN[definitions]

    def call(*command: str) -> str:
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=110).stdout

    call("spin", "-a", *(f"-D{name}" for name in definitions), str(source))
    # A broken assertion is found sooner without the claim.
    is_assertion = expected is not None and "cycle" not in expected
    options = ("-DSAFETY", "-DNOCLAIM") if is_assertion else ("-DNFAIR=3",)
    call("cc", "-O1" if definitions in LARGE else "-O0", *options, "-o", "pan", "pan.c")
    found = call("./pan", "-m1000000", *(() if is_assertion else ("-a", "-f", "-N", "ends")))
    if expected is None:
        assert "errors: 0" in found, found
    else:
        assert expected in found.partition("State-vector")[0], found
