"""Doctors that are killed, interrupted, or meet each other. Both run on this host."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hyperspool.master.doctor import meeting
from hyperspool.master.doctor.examination import examine
from hyperspool.master.doctor.finding import Verdict
from hyperspool.master.doctor.meeting import Conversation, PeerError, meet
from hyperspool.master.doctor.scratch import ABANDONED_S, OWNER, PREFIX, scratch_folder
from tests.processes import Processes, until


@pytest.fixture(autouse=True)
def _logs_elsewhere(processes: Processes, tmp_path_factory: pytest.TempPathFactory) -> None:
    processes.log_folder = tmp_path_factory.mktemp("logs")


def scratches(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob(f"{PREFIX}*"))


def silent(_message: str) -> None:
    """Drop the message."""


def doctor(processes: Processes, *arguments: str) -> "subprocess.Popen[str]":
    return processes.start("master", "doctor", "--root", str(processes.root), *arguments)


def findings_of(processes: Processes, process: "subprocess.Popen[str]") -> dict[str, dict[str, Any]]:
    printed = processes.output(process)
    answer = json.loads(printed[printed.index("{") :])
    return {finding["check"]: finding for finding in answer["findings"]}


def test_two_doctors_meet_and_agree_and_leave_nothing(processes: Processes, root: Path) -> None:
    both = [doctor(processes, "--with-peer", "--json") for _ in range(2)]
    for process in both:
        processes.finish(process)
    both_findings = [findings_of(processes, process) for process in both]
    checks = {"listing", "clock", "links", "new files", "events", "locks, ours", "locks, theirs", "leases", "turns"}
    for findings in both_findings:
        assert {f"peer: {check}" for check in checks} <= set(findings)
        assert not [finding for finding in findings.values() if finding["verdict"] == "failed"]
        assert "this very host" in findings["peer"]["found"]
    links = [findings["peer: links"]["found"] for findings in both_findings]
    won = [int(found.split("(")[1].split(" by this one")[0]) for found in links]
    assert sum(won) == 200
    assert scratches(root) == []


def test_an_interrupted_doctor_leaves_nothing(processes: Processes, root: Path) -> None:
    process = doctor(processes, "--with-peer")
    until(lambda: list(root.glob(f"{PREFIX}*/{meeting.ALIVE}")), "the doctor waits for a peer", root)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert scratches(root) == []
    assert "Traceback" not in processes.output(process)


def test_the_next_doctor_removes_a_killed_doctors_folder(processes: Processes, root: Path) -> None:
    process = doctor(processes, "--with-peer")
    until(lambda: list(root.glob(f"{PREFIX}*/{meeting.ALIVE}")), "the doctor waits for a peer", root)
    process.kill()
    process.wait()
    assert scratches(root) != []
    list(examine(root, with_peer=False, say=silent))
    assert scratches(root) == []


def test_only_old_scratch_folders_of_other_hosts_are_removed(root: Path) -> None:
    for name, age_s in (("young", 0.0), ("old", ABANDONED_S + 60)):
        folder = root / f"{PREFIX}{name}"
        folder.mkdir()
        (folder / OWNER).write_text('{"place": "elsewhere", "pid": 1}')
        os.utime(folder, (folder.stat().st_mtime - age_s,) * 2)
    (root / "precious").mkdir()
    (root / "precious" / OWNER).write_text('{"place": "elsewhere", "pid": 1}')
    os.utime(root / "precious", (0, 0))
    (root / f"{PREFIX}link").symlink_to(root / "precious")
    (root / f"{PREFIX}odd").mkdir()
    (root / f"{PREFIX}odd" / OWNER).write_text("{")
    with scratch_folder(root) as mine:
        assert scratches(root) == sorted([mine.name, f"{PREFIX}link", f"{PREFIX}odd", f"{PREFIX}young"])
    assert (root / "precious" / OWNER).exists()


def test_a_doctor_without_a_peer_gives_up(root: Path) -> None:
    dead = root / f"{PREFIX}000000000000"
    (dead / meeting.TABLE).mkdir(parents=True)
    (dead / meeting.ALIVE).write_text('{"beat": 3}')  # a dead doctor's number does not change
    with scratch_folder(root) as scratch, pytest.raises(PeerError, match="no other doctor came"):
        meet(root, scratch, silent, limit_s=0.8)
    assert list((dead / meeting.TABLE).iterdir()) == []  # nobody took a seat at a dead doctor's table


def test_a_peer_that_never_came_leaves_the_question_open(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_arguments: object) -> Conversation:
        raise PeerError("no other doctor came to this folder within 60 s")

    monkeypatch.setattr("hyperspool.master.doctor.examination.meet", nobody)
    *_, last = examine(root, with_peer=True, say=silent)
    assert (last.check, last.verdict, last.is_unanswered) == ("peer", Verdict.FAILED, True)
    assert last.rules_out == frozenset()


def test_a_peer_that_goes_silent_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting, "ANSWER_S", 0.1)
    with pytest.raises(PeerError, match="has said nothing for"):
        Conversation(tmp_path, "first").exchange("hello")
