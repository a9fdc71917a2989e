import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from rich.text import Text

from hyperspool.common import atomic
from hyperspool.common.locks import ClaimMode
from hyperspool.common.mounts import LockKnowledge, LockScope
from hyperspool.common.watch import FolderWatch
from hyperspool.master.doctor import exclusion
from hyperspool.master.doctor.examination import examine
from hyperspool.master.doctor.exclusion import (
    check_exclusive_creation,
    check_leases,
    check_links,
    check_locks,
    check_replacing,
    freeing_finding,
)
from hyperspool.master.doctor.finding import ANY_CLAIM, BY_LOCK, Finding, Verdict, recommended
from hyperspool.master.doctor.meeting import ALIVE, _living
from hyperspool.master.doctor.scratch import OWNER, PREFIX, scratch_folder
from hyperspool.master.doctor.second_process import Partner, PartnerError
from hyperspool.master.doctor.sight import (
    check_clock,
    check_events,
    check_listing,
    clock_finding,
    delay_finding,
    event_finding,
)
from hyperspool.master.doctor.surroundings import check_event_limits, check_mount, check_permissions, check_room
from hyperspool.master.doctor.wording import advice_text, finding_text


def silent(_message: str) -> None:
    """Drop the message."""


def test_a_local_folder_is_fit_and_left_unchanged(root: Path) -> None:
    findings = list(examine(root, with_peer=False, say=silent))
    assert not [finding for finding in findings if finding.verdict is Verdict.FAILED]
    assert len({finding.check for finding in findings}) == len(findings) == 13
    assert recommended(findings) is ClaimMode.LOCK
    assert sorted(path.name for path in root.iterdir()) == ["jobs", "results"]


@pytest.mark.parametrize("pid", [10**30, "1e400", -1, "[" * 100_000])
def test_a_forged_scratch_folder_does_not_disturb_a_doctor(root: Path, pid: object) -> None:
    laid = root / f"{PREFIX}000000000000"
    with scratch_folder(root) as mine:
        place = json.loads((mine / OWNER).read_text())["place"]
    laid.mkdir()
    (laid / OWNER).write_text(f'{{"place": {json.dumps(place)}, "pid": {pid}}}')
    (laid / ALIVE).write_text(f"{pid}")
    with scratch_folder(root) as mine:
        assert mine.exists()
        assert _living(root, mine, {}) == set()


def test_replacing_that_is_not_atomic_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_replacing(tmp_path).verdict is Verdict.OK

    def in_place(path: Path, data: bytes, *, durable: bool) -> None:
        path.write_bytes(data)

    monkeypatch.setattr(atomic, "replace", in_place)
    found = check_replacing(tmp_path)
    assert (found.verdict, found.rules_out) == (Verdict.FAILED, ANY_CLAIM)
    assert "torn" in found.found


def test_a_race_with_two_winners_or_none_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, check in (("first", check_links), ("second", check_exclusive_creation)):
        (tmp_path / name).mkdir()
        found = check(tmp_path / name)
        assert found.verdict is Verdict.OK
        assert "100 names, each won by one process alone" in found.found
    monkeypatch.setattr(exclusion, "won_rounds", lambda *_: list(range(100)))
    (tmp_path / "third").mkdir()
    found = check_links(tmp_path / "third")
    assert (found.verdict, found.rules_out) == (Verdict.FAILED, ANY_CLAIM)
    assert "were won by both processes" in found.found
    assert "1 by none" in exclusion.race_finding("links", [0], [2], 3, "", "the other").found


def test_a_file_system_without_hard_links_is_unfit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    found = check_links(tmp_path)
    assert (found.verdict, found.rules_out) == (Verdict.FAILED, ANY_CLAIM)
    assert "refuses hard links" in found.found


def test_locks_keep_out_and_die_with_their_holder(tmp_path: Path) -> None:
    found = check_locks(tmp_path)
    assert found.verdict is Verdict.OK, found
    assert check_leases(tmp_path).verdict is Verdict.OK


def test_locks_that_do_not_exclude_rule_out_claiming_by_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exclusion, "try_acquire", lambda _lock: True)
    assert check_locks(tmp_path).rules_out == BY_LOCK
    assert check_leases(tmp_path).rules_out == {ClaimMode.LEASE}


def test_a_lock_that_outlives_its_holder_rules_out_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Partner, "kill", lambda _self: None)
    monkeypatch.setattr(exclusion, "FREED_S", 0.1)
    found = check_locks(tmp_path)
    assert (found.verdict, found.rules_out) == (Verdict.FAILED, BY_LOCK)
    assert freeing_finding("locks", "", 5.0).verdict is Verdict.WARNING


def test_a_file_system_error_is_the_finding_of_its_check(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path, _mode: ClaimMode) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(exclusion, "make_lock", refuse)
    findings = {finding.check: finding for finding in examine(root, with_peer=False, say=silent)}
    assert findings["locks"].found == "Function not implemented"
    assert findings["locks"].rules_out == BY_LOCK
    assert findings["clock"].verdict is Verdict.OK
    assert recommended(list(findings.values())) is None  # leases are made by the same function


def test_events_and_listings_of_another_process_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "a new file makes an event after" in check_events(tmp_path).found
    assert check_listing(tmp_path).verdict is Verdict.OK
    assert "looking every 1 s" in event_finding("events", None).follows
    assert delay_finding("listing", 12.0).verdict is Verdict.WARNING
    assert delay_finding("listing", None).verdict is Verdict.WARNING
    monkeypatch.setattr(FolderWatch, "follow", lambda self, _folders: self._give_up(OSError(24, "too many")))
    (tmp_path / "again").mkdir()
    found = check_events(tmp_path / "again")
    assert (found.verdict, "too many" in found.found) == (Verdict.WARNING, True)


def test_only_a_clock_that_is_surely_off_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_clock(tmp_path).verdict is Verdict.OK
    assert "agrees with this host's" in clock_finding("clock", 0.01, 0.02, "its clock").found
    assert clock_finding("clock", 20.0, 15.0, "its clock").verdict is Verdict.OK
    now_s = time.time
    monkeypatch.setattr(time, "time", lambda: now_s() - 60)
    found = check_clock(tmp_path)
    assert found.verdict is Verdict.WARNING
    assert "ahead of this host's" in found.found


def test_a_full_disk_is_unfit_a_small_one_a_warning(small_disk: Path, tmp_path: Path) -> None:
    assert check_room(small_disk).rules_out == ANY_CLAIM
    middling = tmp_path / "middling"
    middling.mkdir()
    options = ["-t", "tmpfs", "-o", "size=64m"]
    subprocess.run(["mount", *options, "tmpfs", str(middling)], check=True)
    try:
        found = check_room(middling)
    finally:
        subprocess.run(["umount", str(middling)], check=True)
    assert (found.verdict, found.rules_out) == (Verdict.WARNING, frozenset())


def test_a_folder_that_anyone_may_write_is_a_warning(root: Path) -> None:
    assert check_permissions(root).verdict is Verdict.OK
    (root / "results").chmod(0o777)
    found = check_permissions(root)
    assert found.verdict is Verdict.WARNING
    assert found.follows.endswith(f"chmod o-w {root / 'results'}")


@pytest.mark.parametrize(
    ("scope", "verdict", "rules_out"),
    [
        (LockScope.ALL, Verdict.OK, frozenset()),
        (LockScope.HOST, Verdict.WARNING, BY_LOCK),
        (LockScope.UNKNOWN, Verdict.WARNING, frozenset()),
    ],
)
def test_knowledge_of_the_mounts_locks_is_a_finding(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scope: LockScope,
    verdict: Verdict,
    rules_out: frozenset[ClaimMode],
) -> None:
    monkeypatch.setattr(
        "hyperspool.master.doctor.surroundings.knowledge_of", lambda _mount: LockKnowledge(scope, "so it is")
    )
    found = check_mount(tmp_path)
    assert (found.verdict, found.rules_out) == (verdict, rules_out)
    assert "so it is" in found.found


def test_nearly_used_up_event_limits_are_a_warning(tmp_path: Path) -> None:
    assert check_event_limits(tmp_path).found == "this system has no limits that we know of"
    (tmp_path / "max_user_instances").write_text("20\n")
    (tmp_path / "max_user_watches").write_text("8192\n")
    descriptors = tmp_path / "4711" / "fd"
    descriptors.mkdir(parents=True)
    assert check_event_limits(tmp_path, tmp_path).verdict is Verdict.OK
    for number in range(5):
        (descriptors / str(number)).symlink_to("anon_inode:inotify")
    found = check_event_limits(tmp_path, tmp_path)
    assert found.verdict is Verdict.WARNING
    assert "5 of 20 inotify instances in use" in found.found


def test_a_second_process_that_cannot_do_its_part_says_why(tmp_path: Path) -> None:
    with pytest.raises(PartnerError, match="No such file or directory"), Partner("hold", tmp_path / "no" / "x", "lock"):
        pass


@pytest.mark.parametrize(
    ("rules_out", "claim", "advice"),
    [
        (frozenset[ClaimMode](), ClaimMode.LOCK, "--claim lock"),
        (BY_LOCK, ClaimMode.LEASE, "--claim lease"),
        (ANY_CLAIM, None, "do not use this folder: /srv"),
    ],
)
def test_the_advice_follows_from_the_ways_ruled_out(
    rules_out: frozenset[ClaimMode], claim: ClaimMode | None, advice: str
) -> None:
    findings = [Finding("room", Verdict.OK, "plenty"), Finding("locks", Verdict.WARNING, "odd", "beware", rules_out)]
    assert recommended(findings) == claim
    assert advice in Text.assemble(*advice_text(Path("/srv"), claim, findings)).plain
    assert Text.assemble(*finding_text(findings[1])).plain == "warning locks                odd; beware"
