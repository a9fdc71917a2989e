"""On any hostile file, a reader answers soon, in little memory, and with the intended error."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hyperspool.common.attempts import MAX_ATTEMPTS, read_history
from hyperspool.common.curve import read_curve
from hyperspool.common.errors import ProtocolError, StudyError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.reading import read_record
from hyperspool.common.records import MAX_EPOCHS, MAX_METRICS, Job, Result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.source import find_study
from hyperspool.worker.checkpoint import Checkpoint, read_checkpoints, save_checkpoint
from tests.conftest import job_of
from tests.hostile.traps import HUGE_BYTES, pipe, sparse, texts
from tests.processes import REPOSITORY
from tests.worker.test_trial import epoch_of

SOON_S = 10.0
"""Limit on a busy machine. On an idle one each reader takes less than two seconds."""
LITTLE_KB = 200_000
TEXTS = texts()


@pytest.mark.parametrize("model", [StudySpec, Job, Result, WorkerRecord])
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_hostile_text_is_refused_soon_and_briefly(tmp_path: Path, name: str, model: type[StudySpec]) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(TEXTS[name])
    began_s = time.monotonic()
    if name == "chain" and model is StudySpec:
        assert len(StudySpec.model_validate(read_record(path, model)).space) == 1000
    else:
        with pytest.raises(ProtocolError) as raised:
            read_record(path, model)
        assert len(raised.value.reason) < 10_000
        assert "\x1b" not in raised.value.reason
    assert time.monotonic() - began_s < SOON_S


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel for the most memory that was used")
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_hostile_text_fits_into_little_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(TEXTS[name])
    program = (
        "import sys; from contextlib import suppress; from pathlib import Path\n"
        "from hyperspool.common.errors import ProtocolError; from hyperspool.common.reading import read_record\n"
        "from hyperspool.common.study_spec import StudySpec\n"
        "with suppress(ProtocolError): read_record(Path(sys.argv[1]), StudySpec)\n"
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    command = [sys.executable, "-c", program, str(path)]
    printed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60).stdout
    assert int(printed) < LITTLE_KB


def test_a_study_file_of_hostile_toml_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "evil.toml"
    digits = "9" * 100_000
    for text in (f"trials = {'[' * 100_000}", f"trials = {digits}", "trials = 1e400", "x = " + "{a=" * 50_000):
        path.write_text(text)
        with pytest.raises(StudyError):
            find_study(str(path), tmp_path, Changes())


def test_a_huge_study_file_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "evil.toml"
    sparse(path)
    with pytest.raises(StudyError, match="longer than"):
        find_study(str(path), tmp_path, Changes())


def test_a_curve_of_millions_of_lines_is_refused_soon(tmp_path: Path) -> None:
    path = tmp_path / "00000.csv"
    began_s = time.monotonic()
    header = b"epoch,seconds,loss\n"
    for content in (b"\n" * 30_000_000, header + b"1,0\n" * 1_000_000):
        path.write_bytes(content)
        with pytest.raises(ProtocolError, match=r"expected at most|first line"):
            read_curve(path)
    path.write_bytes(header + b"9" * 5000 + b",0,0\n")
    with pytest.raises(ProtocolError, match="line 2 is not an epoch"):
        read_curve(path)
    assert time.monotonic() - began_s < SOON_S


def test_a_curve_of_millions_of_columns_is_refused_soon(tmp_path: Path) -> None:
    path = tmp_path / "00000.csv"
    many = b",".join(b"m%d" % number for number in range(MAX_METRICS))
    wide = b"epoch,seconds," + many
    began_s = time.monotonic()
    for content, message in (
        (wide + b",another\n", "101 metrics, expected at most 100"),
        (b"epoch,seconds" + b"," * 30_000_000 + b"\n", "metrics, expected at most 100"),
        (b"epoch,seconds,loss\n1,0" + b"," * 30_000_000 + b"\n", "line 2: found 30000002 columns, expected 3"),
        (wide + b"\n" + b"1,0\n" * (MAX_EPOCHS // 10), "expected at most 1000000 numbers"),
    ):
        path.write_bytes(content)
        with pytest.raises(ProtocolError, match=message):
            read_curve(path)
    assert time.monotonic() - began_s < SOON_S


def test_a_lock_file_without_room_for_attempts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "00000.lock"
    event = '{"event":"claimed","attempt":%d,"worker":"w","host":"h","pid":1,"at":"now"}\n'
    path.write_text(event % (MAX_ATTEMPTS - 1) + "torn")
    with pytest.raises(ProtocolError, match="attempt"):
        read_history(path)
    path.write_text(event % (MAX_ATTEMPTS - 3))
    assert read_history(path).last_attempt == MAX_ATTEMPTS - 3
    path.write_text("x\n" * 20_000)
    with pytest.raises(ProtocolError, match="20000 lines"):
        read_history(path)


def test_huge_checkpoints_pipes_and_folders_are_skipped(tmp_path: Path) -> None:
    whole, huge, waiting = (tmp_path / name for name in ("whole", "huge", "waiting"))
    save_checkpoint(whole, Checkpoint(b"state", (epoch_of(1),)), job_of())
    sparse(huge)
    pipe(waiting)
    began_s = time.monotonic()
    assert [found.payload for found in read_checkpoints([huge, waiting, tmp_path, whole], job_of())] == [b"state"]
    assert time.monotonic() - began_s < SOON_S
    assert huge.stat().st_size == HUGE_BYTES


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make devices")
def test_a_device_in_place_of_a_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "00000.json"
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
    with pytest.raises(ProtocolError, match=r"not a regular file|device"):
        read_record(path, Job)
