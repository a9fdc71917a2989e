"""The measurements for a GPU run on a CPU, at their smallest size and with a capture that records."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.gpu import KINDS
from benchmarks.gpu_trials import first_step_s
from hyperspool.worker.training import captured
from tests.processes import REPOSITORY


def test_script_measures_and_writes_without_a_gpu(tmp_path: Path) -> None:
    command = ["bash", str(REPOSITORY / "benchmarks" / "gpu.sh"), "--device", "cpu", "--size", "tiny"]
    environment = os.environ | {"OUT": str(tmp_path), "PYTHON": sys.executable}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads((tmp_path / "gpu.json").read_text())["rows"]}
    assert rows["an epoch, 2 filters, batch 64, captured"]["ratio"] > 0
    equal = [row["values"] for name, row in rows.items() if name.startswith("epochs and weights that differ")]
    assert equal == [[0.0]] * len(KINDS)
    assert rows["trials per hour, the device filled, each in its own time"]["values"][0] > 0
    assert all(row["values"] for row in rows.values())
    assert (tmp_path / "gpu.md").read_text().count("\n| ") == len(rows) + 2


@pytest.mark.parametrize("how", ["captured", "launched", "peer"])
def test_first_step_is_timed_in_each_way(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(captured.CAPTURES, "cpu", captured.directly)  # and away again
    assert first_step_s(torch.device("cpu"), 128, how) > 0
