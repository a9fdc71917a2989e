"""Ways to damage the files of a finished study, one function each."""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.common.reading import read_record
from hyperspool.common.records import Job
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.file import read_journal
from tests.master.results.digested import digest, digest_path, edit_in_place

FIRST = "trials/00000-00099"
LONG_AGO_S = 1_000_000_000


def asked(folder: StudyFolder, trial: int) -> Job:
    """The job of a trial, as the study's master recorded it."""
    spec = read_record(folder.spec, StudySpec)
    return read_journal(folder, spec).journal.entries[trial, 0].job(spec.name)


def change(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def open_job(folder: StudyFolder, trial: int, **changes: object) -> Path:
    path = folder.job(Issue(trial))
    path.write_bytes(asked(folder, trial).to_json())
    change(path, **changes)
    return path


def forget(folder: StudyFolder, trial: int) -> None:
    folder.result(trial).unlink()
    folder.curve(trial).unlink()


def torn_job(folder: StudyFolder) -> None:
    folder.job(Issue(8)).write_text("{")


def job_of_another_study(folder: StudyFolder) -> None:
    open_job(folder, 8, study="other")


def job_of_other_params(folder: StudyFolder) -> None:
    forget(folder, 8)
    open_job(folder, 8, params={"x": 0.5})


def job_of_other_seeds(folder: StudyFolder) -> None:
    forget(folder, 8)
    open_job(folder, 8, seeds={"initialisation": 1, "shuffling": 2, "dropout": 3})


def misnamed_job(folder: StudyFolder) -> None:
    open_job(folder, 8).rename(folder.job(Issue(7)))


def job_that_is_a_link(folder: StudyFolder) -> None:
    folder.job(Issue(8)).symlink_to("/etc/passwd")


def finished_job(folder: StudyFolder) -> None:
    open_job(folder, 8)


def lock_without_a_job(folder: StudyFolder) -> None:
    path = folder.lock(Issue(8)) if claims_by_lock(folder) else folder.lease(Issue(8))
    path.touch()
    os.utime(path, (LONG_AGO_S, LONG_AGO_S))


def lock_that_is_a_folder(folder: StudyFolder) -> None:
    folder.lock(Issue(8)).mkdir()


def foreign_file_among_jobs(folder: StudyFolder) -> None:
    (folder.jobs / "notes.txt").write_text("buy milk")


def digest_of_an_edited_result(folder: StudyFolder) -> None:
    assert digest(folder, read_record(folder.spec, StudySpec))
    edit_in_place(folder.result(2), '"worker": "', '"worker": "other-')


def torn_digest(folder: StudyFolder) -> None:
    assert digest(folder, read_record(folder.spec, StudySpec))
    os.truncate(digest_path(folder), 100)


def digest_of_another_folder(folder: StudyFolder) -> None:
    assert digest(folder, read_record(folder.spec, StudySpec))
    digest_path(folder).rename(digest_path(folder).with_name("00100-00199.json"))


def torn_result(folder: StudyFolder) -> None:
    folder.result(2).write_bytes(folder.result(2).read_bytes()[:100])


def result_of_other_params(folder: StudyFolder) -> None:
    change(folder.result(2), params={"x": 0.5})


def result_of_other_seeds(folder: StudyFolder) -> None:
    change(folder.result(2), seeds={"initialisation": 1, "shuffling": 2, "dropout": 3})


def result_of_another_trial(folder: StudyFolder) -> None:
    shutil.copy(folder.result(3), folder.result(2))


def result_beyond_the_last_trial(folder: StudyFolder) -> None:
    shutil.copy(folder.result(3), folder.result(50))


def result_in_the_wrong_folder(folder: StudyFolder) -> None:
    shutil.copy(folder.result(3), folder.result(3).with_name("00103.json"))


def lost_curve(folder: StudyFolder) -> None:
    folder.curve(2).unlink()


def short_curve(folder: StudyFolder) -> None:
    lines = folder.curve(2).read_text().splitlines(keepends=True)
    folder.curve(2).write_text("".join(lines[:-1]))


def changed_curve(folder: StudyFolder) -> None:
    lines = folder.curve(2).read_text().splitlines(keepends=True)
    cells = lines[-1].split(",")
    cells[4] = "0.0001"
    folder.curve(2).write_text("".join((*lines[:-1], ",".join(cells))))


def torn_curve(folder: StudyFolder) -> None:
    folder.curve(2).write_bytes(folder.curve(2).read_bytes()[:-5])


def curve_left_running(folder: StudyFolder) -> None:
    folder.curve(2).rename(folder.running_curve(AttemptName(Issue(2), 1)))


def curve_without_a_result(folder: StudyFolder) -> None:
    folder.result(2).unlink()


def lost_result(folder: StudyFolder) -> None:
    forget(folder, 2)


def leftover_checkpoint(folder: StudyFolder) -> None:
    folder.checkpoint(AttemptName(Issue(2), 1)).write_bytes(b"state")


def second_curve(folder: StudyFolder) -> None:
    folder.running_curve(AttemptName(Issue(2), 1)).write_text("not a curve")


def checkpoint_that_is_a_folder(folder: StudyFolder) -> None:
    folder.checkpoint(AttemptName(Issue(2), 1)).mkdir()


def checkpoint_of_no_trial(folder: StudyFolder) -> None:
    folder.checkpoint(AttemptName(Issue(50), 1)).write_bytes(b"state")


def heartbeat_of_the_dead(folder: StudyFolder) -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    write_heartbeat(folder, socket.gethostname(), process.pid)


def torn_heartbeat(folder: StudyFolder) -> None:
    folder.worker("lab-1").write_text("{")


def heartbeat_of_another_name(folder: StudyFolder) -> None:
    write_heartbeat(folder, "elsewhere", 1)
    folder.worker("lab-1").rename(folder.worker("lab-2"))


def temporary_file_of_the_dead(folder: StudyFolder) -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    name = atomic.temporary_beside(folder.result(2)).name
    path = folder.result(2).with_name(name.replace(f"-{os.getpid()}-", f"-{process.pid}-"))
    path.write_bytes(b"half")


def old_temporary_file_of_another_host(folder: StudyFolder) -> None:
    path = folder.jobs / ".00001.json.0123abcd-17-0123abcd.tmp"
    path.write_bytes(b"half")
    os.utime(path, (LONG_AGO_S, LONG_AGO_S))


def torn_duplicate(folder: StudyFolder) -> None:
    folder.duplicates.mkdir()
    (folder.duplicates / "00002.issue1.attempt2.json").write_text("{")


def misnamed_duplicate(folder: StudyFolder) -> None:
    folder.duplicates.mkdir()
    shutil.copy(folder.result(2), folder.duplicates / "00002.issue1.attempt2.json")


def torn_curve_of_a_duplicate(folder: StudyFolder) -> None:
    folder.duplicates.mkdir()
    late = folder.duplicate(AttemptName(Issue(2), 2))
    shutil.copy(folder.result(2), late)
    change(late, attempt=2)
    late.with_suffix(".csv").write_bytes(folder.curve(2).read_bytes()[:-5])


def journal_cut_short(folder: StudyFolder) -> None:
    folder.journal.write_bytes(folder.journal.read_bytes()[:-50])


def torn_journal(folder: StudyFolder) -> None:
    lines = folder.journal.read_bytes().splitlines(keepends=True)
    folder.journal.write_bytes(b"".join((*lines[:6], b'{"entry": "prop\n', *lines[7:])))


def journal_of_another_seed(folder: StudyFolder) -> None:
    text = folder.journal.read_text()
    own = asked(folder, 5).params["x"]
    assert text.count(f'"x":{own}') == 1
    folder.journal.write_text(text.replace(f'"x":{own}', '"x":0.5'))


def journal_that_is_a_folder(folder: StudyFolder) -> None:
    folder.journal.unlink()
    folder.journal.mkdir()


def claims_by_lock(folder: StudyFolder) -> bool:
    return read_record(folder.spec, StudySpec).claim is ClaimMode.LOCK


def write_heartbeat(folder: StudyFolder, host: str, pid: int) -> None:
    record = WorkerRecord(worker="lab-1", host=host, pid=pid, device="cpu", state="idle", beat=1, at="")
    folder.worker("lab-1").write_bytes(record.to_json())
    os.utime(folder.worker("lab-1"), (LONG_AGO_S, LONG_AGO_S))
