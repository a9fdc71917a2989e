"""The readers on the fuzzer's corpus, and in a short run of the fuzzer."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.readers import READERS, input_for, read_any
from tests.processes import REPOSITORY

CORPUS = Path(__file__).parent / "corpus"


def test_every_input_of_the_corpus_is_read_or_refused() -> None:
    inputs = [path.read_bytes() for path in CORPUS.iterdir()]
    assert {data[0] % len(READERS) for data in inputs} == set(range(len(READERS)))
    assert len(inputs) < 200
    assert sum(map(len, inputs)) < 300_000
    for data in inputs:
        read_any(data)


def test_every_truncated_input_is_read_or_refused() -> None:
    for path in CORPUS.iterdir():
        data = path.read_bytes()
        for length in range(0, len(data), max(len(data) // 10, 1)):
            read_any(data[:length])


def test_a_reader_with_another_error_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_path: Path) -> None:
        raise KeyError("broken")

    monkeypatch.setitem(READERS, "job", broken)
    with pytest.raises(KeyError, match="broken"):
        read_any(input_for("job", b"{}"))


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="needs atheris")
def test_twenty_thousand_inputs_of_the_fuzzer_break_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz.fuzz_readers", "--runs", "20000"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    fuzzer = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=110
    )
    assert fuzzer.returncode == 0, fuzzer.stderr[-5000:]
    assert "Done 20000 runs" in fuzzer.stderr
