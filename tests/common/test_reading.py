import os
import socket
from pathlib import Path

import pytest

from hyperspool.common.errors import ProtocolError
from hyperspool.common.reading import read_bytes, read_record
from hyperspool.common.records import Job
from tests.conftest import job_of


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "00000.json"
    path.write_bytes(job_of().to_json())
    assert read_record(path, Job) == job_of()


def test_a_record_cut_anywhere_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "00000.json"
    whole = job_of().to_json().rstrip()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ProtocolError, match=r"00000\.json"):
            read_record(path, Job)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty or blank"),
        (b"\0" * 300, "is empty or blank"),
        (b"not json", "not valid JSON"),
        (b"[1, 2]", "expected"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"a":' * 100_000, "not valid JSON"),
        (b"\xff\xfe{}", "not valid JSON"),
        (job_of().to_json().replace(b'"schema_version": 1', b'"schema_version": 2'), "schema_version: found 2"),
        (job_of().to_json().replace(b"0.25", b"NaN"), "params"),
        (job_of().to_json().replace(b'"trial": 0', b'"trial": -1'), "trial: found -1"),
        (job_of().to_json().replace(b'"trial": 0', b'"trial": "0"'), "trial: found '0', expected an integer"),
        (job_of().to_json().replace(b"{", b'{"run": "rm -rf /",', 1), "run: unknown key"),
    ],
)
def test_a_file_without_a_record_is_refused_with_a_reason(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "00000.json"
    path.write_bytes(content)
    with pytest.raises(ProtocolError, match=message):
        read_record(path, Job)


def test_a_reader_refuses_links_pipes_and_devices(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("{}")
    link, pipe, folder, plug = (tmp_path / name for name in ("link", "pipe", "folder", "plug"))
    link.symlink_to(secret)
    os.mkfifo(pipe)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(plug))
        for path in (link, pipe, folder, plug, Path("/dev/zero")):
            with pytest.raises(ProtocolError, match=r"link|regular|socket"):
                read_bytes(path)


def test_a_reader_stops_at_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as sparse:
        sparse.truncate(10 * 2**30)
    with pytest.raises(ProtocolError, match="longer than 100 bytes"):
        read_bytes(path, limit_bytes=100)
    path.write_bytes(b"x" * 100)
    assert read_bytes(path, limit_bytes=100) == b"x" * 100


def test_a_missing_file_is_not_reported_as_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_record(tmp_path / "00000.json", Job)
