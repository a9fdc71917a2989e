"""Digests of trial folders: when they are believed, and when the results are read instead."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common import atomic
from hyperspool.common.confinement import listing_of
from hyperspool.common.file_kinds import Place
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Failure, FailureKind, Status
from hyperspool.common.report import report
from hyperspool.master.results.digests import SETTLED_S
from hyperspool.master.results.reading import read_results
from hyperspool.master.results.retrying import retry
from hyperspool.master.results.standing import read_standing
from tests.common.test_report import CURVE, claim_of, result_of
from tests.conftest import job_of, spec_of
from tests.master.results.digested import digest, digest_path, edit_in_place, settle

TRIALS = 4
SPEC = spec_of(trials=TRIALS)


def finish(folder: StudyFolder, trial: int, value: float | None) -> None:
    atomic.replace(folder.job(Issue(trial)), job_of(trial).to_json(), durable=False)
    claim = claim_of(folder, Issue(trial))
    changes: dict[str, object] = {"value": value, "metrics": {"size": 0.5} if trial else None}
    if value is None:
        changes |= {"status": Status.FAILED, "failure": Failure(kind=FailureKind.EXCEPTION, message="boom")}
    report(claim, result_of(claim).model_copy(update=changes), CURVE)


def values(folder: StudyFolder) -> dict[int, float | None]:
    return {key[0]: result.value for key, result in read_results(folder, SPEC).results.items()}


@pytest.fixture
def digested(folder: StudyFolder) -> StudyFolder:
    """A study with three results and their digest. One result was edited in place, so it tells who reads the digest."""
    for trial, value in enumerate([0.5, 0.25, None]):
        finish(folder, trial, value)
    before = read_results(folder, SPEC)
    assert digest(folder, SPEC)
    assert read_results(folder, SPEC) == before
    edit_in_place(folder.result(0), '"value": 0.5', '"value": 0.75')
    assert values(folder) == {0: 0.5, 1: 0.25, 2: None}
    return folder


READ = {0: 0.75, 1: 0.25, 2: None}
"""What the files say."""


def test_what_is_shown_is_the_same_with_a_digest(folder: StudyFolder) -> None:
    for trial, value in enumerate([0.5, 0.25, None, 0.125]):
        finish(folder, trial, value)
    standing = read_standing(folder, SPEC).to_json()
    assert digest(folder, SPEC)
    assert json.dumps(read_standing(folder, SPEC).to_json()) == json.dumps(standing)


def test_a_digest_is_json_with_a_line_for_each_column(digested: StudyFolder) -> None:
    lines = digest_path(digested).read_text().splitlines()
    assert '  "value": [0.5,0.25,null],' in lines
    assert '    "x": 0.25' in lines
    assert json.loads("\n".join(lines))["trial"] == [0, 1, 2]


def test_a_new_result_is_read_at_once(digested: StudyFolder) -> None:
    finish(digested, 3, 0.125)
    assert values(digested) == {**READ, 3: 0.125}


def test_new_result_is_read_though_the_time_is_old(digested: StudyFolder) -> None:
    finish(digested, 3, 0.125)
    settle(digested.trial_folder(0))  # as a file system with coarse times would date it
    assert values(digested) == {**READ, 3: 0.125}


def test_a_removed_result_is_gone_at_once(digested: StudyFolder) -> None:
    digested.result(1).unlink()
    settle(digested.trial_folder(0))
    assert values(digested) == {0: 0.75, 2: None}


def test_a_retried_trials_new_result_is_read(digested: StudyFolder) -> None:
    failed = read_standing(digested, SPEC).results[2, 0]
    retry(digested, failed)
    assert values(digested) == {0: 0.75, 1: 0.25}
    finish(digested, 2, 0.375)
    assert values(digested) == {**READ, 2: 0.375}


@pytest.mark.parametrize("step", ["write", "rename"])
def test_a_crash_while_a_digest_is_written_costs_nothing(
    folder: StudyFolder, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for trial in range(3):
        finish(folder, trial, 0.5)
    before = read_results(folder, SPEC)

    def crash(operation: str, _path: Path) -> None:
        if operation == step:
            raise KeyboardInterrupt

    monkeypatch.setattr(atomic, "after_operation", crash)
    with pytest.raises(KeyboardInterrupt):
        digest(folder, SPEC)
    monkeypatch.undo()
    assert read_results(folder, SPEC) == before
    finish(folder, 3, 0.25)
    assert values(folder) == {0: 0.5, 1: 0.5, 2: 0.5, 3: 0.25}


def changed(**changes: Any) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def torn(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def link(path: Path) -> None:
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe_instead(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def early(path: Path) -> None:
    os.utime(path, (1e9 + SETTLED_S / 2, 1e9 + SETTLED_S / 2))


HOSTILE: dict[str, Callable[[Path], None]] = {
    "torn": torn,
    "zeros": zeros,
    "a link": link,
    "a folder": folder_instead,
    "a pipe": pipe_instead,
    "made too soon after the folder's last change": early,
    "of another study": changed(study="other"),
    "of another folder": changed(folder="00100-00199"),
    "of another version": changed(schema_version=2),
    "of another time": changed(modified_ns=1),
    "with a column too long": changed(issue=[1, 1, 1, 1]),
    "with a column too short": changed(landed_s=[1.0, 2.0]),
    "with times that are no numbers": changed(landed_s=[1.0, float("nan"), 2.0]),
    "with other trials": changed(trial=[0, 1, 3]),
    "with a trial twice": changed(trial=[0, 1, 1]),
    "in another order": changed(trial=[1, 0, 2]),
    "with params beyond the space": changed(params={"x": [0.25, 7.0, 0.25]}),
    "with params that are no numbers": changed(params={"x": [0.25, float("nan"), 0.25]}),
    "with params of another kind": changed(params={"x": [0.25, True, "0.25"]}),
    "with params of no such name": changed(params={"x": 0.25, "y": 0.25}),
    "without params": changed(params={}),
    "with nested params": changed(params={"x": [[0.25], {}, None]}),
    "FAILED with a value": changed(value=[0.5, 0.25, 0.25]),
    "COMPLETE without a value": changed(value=[None, 0.25, None]),
    "with a status that is not final": changed(status="RUNNING"),
    "with a worker of no such number": changed(attribution=[0, 0, 9]),
    "with an unknown column": changed(more=[1, 2, 3]),
    "with a value that is not finite": changed(value=[float("inf"), 0.25, None]),
}


@pytest.mark.parametrize("damage", HOSTILE)
def test_a_digest_that_is_wrong_is_not_believed(digested: StudyFolder, damage: str) -> None:
    path = digest_path(digested)
    HOSTILE[damage](path)
    if damage != "made too soon after the folder's last change":
        assert path.is_dir() or path.is_fifo() or path.stat().st_mtime > 1e9
    assert values(digested) == READ
    assert not read_results(digested, SPEC).unreadable


def test_digests_behind_a_link_are_not_followed(digested: StudyFolder, tmp_path: Path) -> None:
    place = digested.place(Place.DIGESTS)
    shutil.move(place, tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    assert values(digested) == READ


def test_readers_write_nothing(digested: StudyFolder) -> None:
    finish(digested, 3, 0.125)
    before = {path: path.stat().st_mtime_ns for path in digested.root.rglob("*")}
    assert values(digested) == {**READ, 3: 0.125}
    assert {path: path.stat().st_mtime_ns for path in digested.root.rglob("*")} == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_reader_that_may_not_see_digests_reads_the_results(digested: StudyFolder) -> None:
    place = digested.place(Place.DIGESTS)
    place.chmod(0)
    try:
        assert values(digested) == READ
    finally:
        place.chmod(0o755)


def test_a_copy_of_the_folder_has_no_digest_that_counts(digested: StudyFolder, tmp_path: Path) -> None:
    shutil.copytree(digested.root, tmp_path / "copy", copy_function=shutil.copy)
    copied = StudyFolder(tmp_path / "copy", "demo")
    os.utime(copied.trial_folder(0))  # copytree gives a folder its old times
    assert values(copied) == READ


def test_time_of_a_folder_is_of_its_last_changed_name(digested: StudyFolder) -> None:
    path = digested.trial_folder(0)
    _, before_ns = listing_of(path)
    edit_in_place(digested.result(1), "0.25", "0.35")
    assert listing_of(path)[1] == before_ns
    digested.result(1).rename(path / "other.json")
    names, after_ns = listing_of(path)
    assert after_ns > before_ns
    assert "other.json" in names
