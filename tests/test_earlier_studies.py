"""This version resumes, reports, exports and checks studies of an earlier version."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import load_study
from hyperspool.master.analysis.measures.timeline import timeline
from hyperspool.master.journal.file import read_journal
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import make_sampler
from tests.commands import call_here
from tests.processes import Processes, results_of

EARLIER = Path(__file__).parent / "earlier"
FINISHED = ("old-rounds", "old-ablation")


@pytest.fixture
def earlier(root: Path) -> Path:
    """A shared folder with the earlier version's studies."""
    for name in ("jobs", "results"):
        shutil.copytree(EARLIER / name, root / name, dirs_exist_ok=True)
    return root


def contents(folder: StudyFolder) -> dict[Path, bytes]:
    """The results and curves of a study."""
    return {path: path.read_bytes() for path in sorted(folder.trials.rglob("*.*"))}


def spec_of(folder: StudyFolder) -> StudySpec:
    """The published study."""
    return read_record(folder.spec, StudySpec)


def test_begun_study_is_resumed_and_keeps_its_results(earlier: Path, processes: Processes) -> None:
    folder = StudyFolder(earlier, "old-begun")
    before = contents(folder)
    printed = processes.finish(processes.master("old-begun", "--workers", "1"))
    assert "study old-begun is finished: 12 trials" in printed
    assert contents(folder).items() >= before.items()
    spec, results = spec_of(folder), results_of(folder)
    proposals = make_sampler(spec).suggest(spec.trials, Known())
    assert [results[proposal.trial].params for proposal in proposals] == [proposal.params for proposal in proposals]
    assert results[6].attempt == 2  # the attempt that was released does not end the trial
    journal = read_journal(folder, spec)
    assert [len(batch.proposals) for batch in journal.journal.batches] == [4, 4, 4]
    assert (journal.damage, journal.is_cut_short) == (None, False)
    assert not list((folder.results / "rejected").glob("*"))


@pytest.mark.parametrize("name", FINISHED)
def test_finished_study_prints_its_result_at_once(earlier: Path, processes: Processes, name: str) -> None:
    folder = StudyFolder(earlier, name)
    before = contents(folder)
    printed = processes.finish(processes.master(name))
    assert f"study {name} is finished" in printed
    assert contents(folder) == before
    journal, spec = read_journal(folder, spec_of(folder)).journal, spec_of(folder)
    assert len(journal.entries) == spec.all_trials
    assert [entry.params for entry in journal.entries.values()] == [one.params for one in results_of(folder).values()]


@pytest.mark.parametrize("name", FINISHED)
def test_finished_study_is_reported_exported_and_in_order(earlier: Path, name: str) -> None:
    spec = spec_of(StudyFolder(earlier, name))
    for command in (["report", name], ["export", name, "--format", "jsonl", "--out", str(earlier / "out.jsonl")]):
        called = call_here("master", *command, "--root", str(earlier))
        assert called.returncode == 0, called.stdout + called.stderr
    assert (earlier / "results" / name / "report" / "report.html").exists()
    assert len((earlier / "out.jsonl").read_text().splitlines()) == spec.all_trials
    status = json.loads(call_here("master", "status", name, "--root", str(earlier), "--json").stdout)
    assert status["counts"]["COMPLETE"] == spec.all_trials
    checked = call_here("master", "fsck", name, "--root", str(earlier))
    assert checked.returncode == 0, checked.stdout
    assert "proposals are not recorded" in checked.stdout


def test_rounds_and_batches_of_earlier_studies_are_worked_out(earlier: Path) -> None:
    rounds = load_study(earlier, "old-rounds")
    assert list(rounds.trials["round"].dropna()) == [1.0] * 4 + [2.0] * 4
    assert list(rounds.trials["stage"]) == ["search"] * 8 + ["confirmation"] * 4
    # Four settings per round in batches of three: the end of a round ends a batch.
    assert list(timeline(rounds)["batch"]) == [0, 0, 0, 1, 2, 2, 2, 3, 4, 4, 4, 5]
    ablation = load_study(earlier, "old-ablation")
    assert list(pd.unique(ablation.trials["test_case"])) == [
        "base",
        "momentum",
        "more filters",
        "momentum + more filters",
    ]


def test_ablation_of_an_earlier_version_has_its_table(earlier: Path) -> None:
    printed = call_here("master", "ablation", "old-ablation", "--root", str(earlier), "--format", "csv").stdout
    assert [line.split(",")[0] for line in printed.splitlines()] == [
        "case",
        "base",
        "momentum",
        "more filters",
        "momentum + more filters",
    ]
