import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperspool.common.attempts import AttemptEvent, read_history
from hyperspool.common.curve import parse_curve, to_text
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.errors import ProtocolError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.reading import read_record
from hyperspool.common.records import Job, Record, Result
from hyperspool.common.study_spec import StudySpec
from hyperspool.worker.checkpoint import Checkpoint, read_checkpoints, save_checkpoint
from tests.conftest import job_of
from tests.fuzz.strategies import BOUNDED, CURVES, EVENTS, HEARTBEATS, JOBS, JSON, RESULTS

MODELS = (StudySpec, Job, Result, WorkerRecord)


@pytest.mark.parametrize("records", [JOBS, RESULTS, HEARTBEATS], ids=["job", "result", "heartbeat"])
def test_a_record_is_read_as_it_was_written(tmp_path: Path, records: st.SearchStrategy[Record]) -> None:
    @BOUNDED
    @given(records)
    def check(record: Record) -> None:
        path = tmp_path / "file.json"
        path.write_bytes(record.to_json())
        assert read_record(path, type(record)) == record

    check()


@BOUNDED
@given(CURVES)
def test_a_curve_is_read_as_it_was_written(records: list[EpochRecord]) -> None:
    text = to_text(records)
    assert to_text(parse_curve(text.encode(), Path("curve"))) == text


@BOUNDED
@given(st.lists(EVENTS, max_size=6))
def test_a_history_is_read_as_it_was_written(tmp_path: Path, events: list[AttemptEvent]) -> None:
    path = tmp_path / "00000.lock"
    path.write_text("".join(f"{event.to_line()}\n" for event in events))
    history = read_history(path)
    assert history.events == tuple(events)
    assert 0 <= history.counted <= len({event.attempt for event in events})


@BOUNDED
@given(st.binary(max_size=300), CURVES)
def test_a_checkpoint_is_read_as_it_was_saved(tmp_path: Path, payload: bytes, curve: list[EpochRecord]) -> None:
    path = tmp_path / "00000.issue1.attempt1.pt"
    save_checkpoint(path, Checkpoint(payload, tuple(curve)), job_of())
    (found,) = read_checkpoints([path], job_of())
    assert (found.payload, to_text(found.curve)) == (payload, to_text(curve))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_any_json_is_a_record_or_a_protocol_error(tmp_path: Path, model: type[Record]) -> None:
    keys = st.sampled_from(sorted(model.model_fields))

    @BOUNDED
    @given(st.dictionaries(keys, JSON, max_size=len(model.model_fields)) | JSON)
    def check(tree: Any) -> None:
        _read(tmp_path / "file.json", model, tree)

    check()


@pytest.mark.parametrize("model", [Job, Result, WorkerRecord], ids=lambda model: model.__name__)
def test_a_changed_record_is_a_record_or_a_protocol_error(tmp_path: Path, model: type[Record]) -> None:
    valid: dict[type[Record], st.SearchStrategy[Any]] = {Job: JOBS, Result: RESULTS, WorkerRecord: HEARTBEATS}

    @BOUNDED
    @given(valid[model], st.sampled_from(sorted(model.model_fields)), JSON)
    def check(record: Record, key: str, value: Any) -> None:
        _read(tmp_path / "file.json", model, record.model_dump(mode="json") | {key: value})

    check()


READERS: dict[str, Callable[[Path], object]] = {
    "lock file": read_history,
    "curve": lambda path: parse_curve(path.read_bytes(), path),
    "running curve": lambda path: parse_curve(path.read_bytes(), path, is_running=True),
}


@pytest.mark.parametrize("reader", READERS)
def test_any_bytes_are_a_value_or_a_protocol_error(tmp_path: Path, reader: str) -> None:
    @BOUNDED
    @given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="ignore")))
    def check(content: bytes) -> None:
        path = tmp_path / "file"
        path.write_bytes(content)
        with suppress(ProtocolError):
            READERS[reader](path)

    check()


def _read(path: Path, model: type[Record], tree: Any) -> None:
    path.write_text(json.dumps(tree))
    record, reason = None, ""
    try:
        record = read_record(path, model)
    except ProtocolError as error:
        reason = error.reason
    assert len(reason) < 50_000
    assert reason.isprintable()
    if record is not None:
        path.write_bytes(record.to_json())
        assert read_record(path, model) == record
