"""The commands `doctor` and `fsck` as a user types them: their output and exit status."""

import json
import subprocess
from pathlib import Path

import pytest

from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.master.journal.file import read_journal
from tests.commands import call_here
from tests.conftest import spec_of
from tests.master.recorded import journal_of, record
from tests.processes import Processes


@pytest.fixture(autouse=True)
def _logs_elsewhere(processes: Processes, tmp_path_factory: pytest.TempPathFactory) -> None:
    processes.log_folder = tmp_path_factory.mktemp("logs")


def run(processes: Processes, *arguments: str) -> tuple[int, str]:
    process = processes.start("master", *arguments)
    return process.wait(60), processes.output(process)


def fsck(*arguments: str) -> tuple[int, str]:
    called = call_here("master", "fsck", *arguments)
    return called.returncode, called.stdout + called.stderr


def test_doctor_prints_a_line_per_check_and_what_to_do(processes: Processes, root: Path) -> None:
    status, printed = run(processes, "doctor", "--root", str(root))
    assert status == 0
    assert printed.rstrip().splitlines()[-1].startswith("fit for a search")
    assert len([line for line in printed.splitlines() if line.startswith(("ok ", "warning "))]) == 13


def test_doctor_in_json_says_how_to_claim(processes: Processes, root: Path) -> None:
    status, printed = run(processes, "doctor", "--root", str(root), "--json")
    answer = json.loads(printed)
    assert (status, answer["claim"]) == (0, "lock")
    assert {"check", "verdict", "found", "follows", "rules_out"} == set(answer["findings"][0])


def test_doctor_of_a_missing_folder_is_wrong_usage(processes: Processes, root: Path) -> None:
    status, printed = run(processes, "doctor", "--root", str(root / "missing"))
    assert status == 2
    assert "there is no such folder" in printed


def test_doctor_finds_a_read_only_folder_unfit(processes: Processes, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    status, printed = run(processes, "doctor", "--root", str(small_disk))
    assert status == 1
    assert "Read-only file system" in printed
    assert f"do not use this folder: {small_disk}" in printed


def test_fsck_of_a_study_in_order(processes: Processes, folder: StudyFolder) -> None:
    status, printed = run(processes, "fsck", "demo", "--root", str(folder.root))
    assert (status, printed) == (0, "in order: every file of study demo is as it should be\n")


def test_fsck_names_a_breach_and_mends_it_if_asked(folder: StudyFolder) -> None:
    record(folder, journal_of(spec_of(), {}))
    path = folder.job(Issue(0))
    path.write_text("{")
    where = ("demo", "--root", str(folder.root))
    status, printed = fsck(*where, "--json")
    breach, *others = json.loads(printed)["breaches"]
    assert status == 1
    assert (breach["file"], breach["severity"]) == ("jobs/demo/00000.json", "breach")
    assert [other["file"] for other in others] == [f"jobs/demo/0000{trial}.json" for trial in (1, 2, 3)]
    assert path.exists()

    status, printed = fsck(*where, "--repair")
    assert status == 0
    assert printed.startswith("mended  jobs/demo/00000.json: not valid JSON")
    assert folder.open_issues() == [Issue(0, number=2), Issue(1), Issue(2), Issue(3)]
    status, printed = fsck(*where)
    assert status == 0
    assert "was set aside: not valid JSON" in printed


def test_fsck_warns_of_a_missing_journal_and_writes_it(folder: StudyFolder) -> None:
    """A study of a version without journals."""
    for trial, entry in enumerate(journal_of(spec_of(), {}).entries.values()):
        folder.job(Issue(trial)).write_bytes(entry.job("demo").model_copy(update={"stage": None}).to_json())
    where = ("demo", "--root", str(folder.root))
    status, printed = fsck(*where, "--json")
    (breach,) = json.loads(printed)["breaches"]
    assert (status, breach["file"], breach["severity"]) == (0, "results/demo/journal.jsonl", "warning")
    assert "4 proposals are not recorded" in breach["cause"]
    assert not folder.journal.exists()
    status, printed = fsck(*where, "--repair")
    assert status == 0
    assert printed.startswith("mended  results/demo/journal.jsonl: 4 proposals are not recorded")
    assert list(read_journal(folder, spec_of()).journal.entries) == [(trial, 0) for trial in range(4)]
    assert fsck(*where)[1].startswith("in order: ")


def test_fsck_of_a_missing_study_is_wrong_usage(root: Path) -> None:
    assert fsck("demo", "--root", str(root))[0] == 2
    assert fsck("../demo", "--root", str(root))[0] == 2
    assert fsck("demo", "--root", str(root / "missing"))[0] == 2
