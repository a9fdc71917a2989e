import io
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hyperspool.common.errors import UsageError
from hyperspool.common.records import Failure, FailureKind, Status
from hyperspool.master.analysis.data.frames import StudyData, load_study
from hyperspool.master.analysis.exports.export import FOLDER_WRITERS, export
from hyperspool.master.analysis.exports.formats import ExportFormat
from tests.master.analysis.data.written import finish, publish

SPACE: dict[str, Any] = {
    "rate": {"type": "float", "low": 0.0, "high": 1.0},
    "kind": ["a", "b/../c"],
    "mixed": [1, "auto"],
    "steps": {"type": "int", "low": 1, "high": 9, "when": {"kind": "a"}},
}


@pytest.fixture
def data(root: Path) -> StudyData:
    """A study with two replicates, a diverged trial and a failed trial."""
    folder = publish(root, SPACE)
    params = {"rate": 0.1 + 0.2, "kind": "a", "mixed": 1, "steps": 3}
    finish(folder, 0, params, 1 / 3, 0.2)
    finish(folder, 1, params, 0.5, 0.1, loss=math.inf)
    finish(folder, 2, {"rate": 0.9, "kind": "b/../c", "mixed": "auto"}, 0.9, loss=math.nan, diverged=True)
    failure = Failure(kind=FailureKind.EXCEPTION, message='boom, "quoted"\nand more')
    finish(folder, 3, params | {"rate": 0.5}, status=Status.FAILED, value=None, failure=failure, attempt=2)
    return load_study(root, "demo")


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Check that frames are equal cell by cell, whatever the columns' types. Times are not compared."""
    assert found.columns.tolist() == expected.columns.tolist()
    for name in expected.columns:
        if not name.endswith("_at"):
            first, second = found[name].tolist(), expected[name].tolist()
            assert [_cell(value) for value in first] == [_cell(value) for value in second], name


def _cell(value: Any) -> Any:
    return None if pd.isna(value) else str(value) if isinstance(value, str) else float(value)


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the parameter of mixed types as text, the only type that fits all its values."""
    return frame.assign(params_mixed=frame["params_mixed"].map(str))


def test_csv_reads_back_to_the_same_numbers(data: StudyData, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert export(data, "csv", out) == [out, tmp_path / "out.curves.csv"]
    trials = pd.read_csv(out, dtype={"params_mixed": str})
    assert_same(trials, as_text(data.trials))
    assert trials["published_at"].tolist() == ["2026-01-31T12:00:00.000Z"] * 4
    assert ",3\n" in out.read_text()  # a whole number, though a missing one makes the frame's column floats
    assert_same(pd.read_csv(tmp_path / "out.curves.csv"), data.curves)


def test_jsonl_has_a_line_per_trial_with_stable_keys(data: StudyData, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert export(data, ExportFormat.JSONL, out) == [out, tmp_path / "out.curves.jsonl"]
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["trial"] for line in lines] == [0, 1, 2, 3]
    assert [line["status"] for line in lines] == ["COMPLETE", "COMPLETE", "COMPLETE", "FAILED"]
    assert [line["value"] for line in lines] == [0.2, 0.1, 0.9, None]
    assert [line["attempts"] for line in lines] == [1, 1, 1, 2]
    assert lines[0]["params"] == {"rate": 0.1 + 0.2, "kind": "a", "mixed": 1, "steps": 3}
    assert lines[2]["params"] == {"rate": 0.9, "kind": "b/../c", "mixed": "auto"}
    assert lines[2]["diverged"] is True
    assert lines[3]["failure_message"] == 'boom, "quoted"\nand more'
    assert lines[0]["seeds"] == {"initialisation": 1, "shuffling": 2, "dropout": 4294967295}
    assert (lines[0]["worker"], lines[0]["published_at"]) == ("lab-1", "2026-01-31T12:00:00.000Z")
    curves = [json.loads(line) for line in (tmp_path / "out.curves.jsonl").read_text().splitlines()]
    assert [line["validation_error"] for line in curves] == data.curves["validation_error"].tolist()
    assert [line["training_loss"] for line in curves] == [1.0, 1.0, None, None, None]


def test_parquet_reads_back_with_its_types(data: StudyData, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    assert export(data, "parquet", out) == [out, tmp_path / "out.curves.parquet"]
    trials = pd.read_parquet(out)
    assert_same(trials, as_text(data.trials))
    times = [name for name in trials.columns if name.endswith("_at")]
    pd.testing.assert_frame_equal(trials[times], data.trials[times])
    assert trials["params_steps"].dtype == "Int64"
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.curves.parquet"), data.curves)


def test_txt_is_a_zip_of_runs_an_index_and_readme(data: StudyData, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    assert export(data, "txt", out) == [out]
    archive = zipfile.ZipFile(out)
    runs = sorted(name for name in archive.namelist() if name.startswith("runs/"))
    assert runs == [
        "runs/00000_rate_0.3_kind_a_mixed_1_steps_3.txt",
        "runs/00001_rate_0.3_kind_a_mixed_1_steps_3.txt",
        "runs/00002_rate_0.9_kind_b_.._c_mixed_auto.txt",
    ]
    table = np.loadtxt(io.BytesIO(archive.read(runs[0])), skiprows=1)
    curve = data.curves[data.curves["trial"] == 0]
    columns = ["epoch", "elapsed_s", "training_loss", "validation_loss", "validation_error", "learning_rate"]
    assert archive.read(runs[0]).decode().splitlines()[0].split("\t") == columns
    np.testing.assert_array_equal(table, curve[columns].to_numpy())
    assert np.isnan(np.loadtxt(io.BytesIO(archive.read(runs[2])), skiprows=1)[2])
    index = pd.read_csv(io.BytesIO(archive.read("index.txt")), sep="\t")
    assert index["file"].tolist() == [*runs, "-"]
    assert index["params_rate"].tolist() == data.trials["params_rate"].tolist()
    readme = archive.read("README.txt").decode()
    assert "Study demo" in readme
    assert "training_loss, validation_loss, validation_error, learning_rate. Columns are" in readme


@pytest.mark.parametrize("form", list(ExportFormat))
def test_a_study_without_results_is_exported_too(data: StudyData, tmp_path: Path, form: ExportFormat) -> None:
    if form.is_folder:
        pytest.importorskip(FOLDER_WRITERS[form][0], reason=f"the extra {form} is not installed")
    empty = StudyData(data.spec, data.trials.iloc[:0], data.curves.iloc[:0])
    written = export(empty, form, tmp_path / f"out.{form}")
    assert all(path.exists() for path in written)
    if form == "csv":
        assert [pd.read_csv(path).shape for path in written] == [
            (0, frame.shape[1]) for frame in (data.trials, data.curves)
        ]
    if form == "parquet":
        assert [pd.read_parquet(path).shape for path in written] == [
            (0, frame.shape[1]) for frame in (data.trials, data.curves)
        ]


@pytest.mark.parametrize("form", [form for form in ExportFormat if not form.is_folder])
def test_an_export_replaces_the_last_with_the_same_bytes(data: StudyData, tmp_path: Path, form: ExportFormat) -> None:
    out = tmp_path / "exports"
    out.mkdir()
    first = {path: path.read_bytes() for path in export(data, form, out / "a")}
    (out / "a").write_text("a former export, which was longer" * 10_000)
    assert {path: path.read_bytes() for path in export(data, form, out / "a")} == first
    assert sorted(out.iterdir()) == sorted(first)


def test_the_default_file_name_is_the_studys(data: StudyData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [str(path) for path in export(data, "csv")] == ["demo.csv", "demo.curves.csv"]
    assert [str(path) for path in export(data, "txt")] == ["demo.zip"]
    assert [path.name for path in export(data, "csv", Path("v1.2"))] == ["v1.2", "v1.2.curves.csv"]


@pytest.mark.parametrize(
    ("form", "out", "message"),
    [
        ("xlsx", "a.xlsx", "expected one of csv, jsonl, parquet, txt"),
        ("csv", "missing/a.csv", "there is no folder"),
        ("csv", ".", "is a folder"),
    ],
)
def test_an_export_that_cannot_be_written_is_refused(
    data: StudyData, tmp_path: Path, form: str, out: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        export(data, form, tmp_path / out)
