"""Metrics, which an objective measures beside its value, in frames, exports and the report."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import MAX_METRICS
from hyperspool.master.analysis.data.frames import StudyData, load_study
from hyperspool.master.analysis.exports.export import export
from hyperspool.master.analysis.page import report
from hyperspool.master.analysis.page.report import write_report
from tests.conftest import MakeStudy
from tests.master.analysis.data.written import X, finish, publish
from tests.processes import Processes

NAN = float("nan")


@pytest.fixture
def folder(root: Path) -> StudyFolder:
    """Three trials: with two metrics, one metric and no metric."""
    folder = publish(root, X)
    finish(folder, 0, {"x": 0.1}, 0.5, metrics={"recall": 0.25, "f1": 1 / 3})
    finish(folder, 1, {"x": 0.2}, 0.4, metrics={"f1": 0.75})
    finish(folder, 2, {"x": 0.3}, 0.3)
    return folder


@pytest.fixture
def data(folder: StudyFolder) -> StudyData:
    return load_study(folder.root, "demo")


def test_each_metric_is_a_column_with_nan_where_missing(data: StudyData) -> None:
    assert data.trials.columns.tolist()[-3:] == ["params_x", "metrics_recall", "metrics_f1"]
    pd.testing.assert_series_equal(data.trials["metrics_f1"], pd.Series([1 / 3, 0.75, NAN], name="metrics_f1"))
    assert data.trials["metrics_recall"].dropna().tolist() == [0.25]


def test_a_study_has_at_most_one_trials_number_of_metrics(root: Path) -> None:
    folder = publish(root, X)
    finish(folder, 0, {"x": 0.1}, metrics={f"a{number}": 1.0 for number in range(MAX_METRICS - 1)})
    finish(folder, 1, {"x": 0.2}, metrics={"a0": 1.0, "b0": 1.0, "b1": 1.0, "b2": 1.0})
    data = load_study(root, "demo")
    assert len([name for name in data.trials if str(name).startswith("metrics_")]) == MAX_METRICS
    assert data.trials["metrics_b0"].tolist()[1:] == [1.0]
    assert data.unreadable == (
        f"{folder.result(1)}: 2 of its metrics are left out: the study has more than {MAX_METRICS} different metrics",
    )


def test_tables_hold_the_metrics_as_columns(data: StudyData, tmp_path: Path) -> None:
    (out, _) = export(data, "csv", tmp_path / "out.csv")
    assert pd.read_csv(out)["metrics_f1"].tolist()[:2] == [1 / 3, 0.75]
    (out, _) = export(data, "parquet", tmp_path / "out.parquet")
    assert pd.read_parquet(out)["metrics_f1"].tolist()[:2] == [1 / 3, 0.75]
    (out,) = export(data, "txt", tmp_path / "out.zip")
    index = pd.read_csv(io.BytesIO(zipfile.ZipFile(out).read("index.txt")), sep="\t")
    assert index["metrics_f1"].tolist()[:2] == [1 / 3, 0.75]


def test_a_json_line_holds_its_own_trials_metrics(data: StudyData, tmp_path: Path) -> None:
    (out, _) = export(data, "jsonl", tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["metrics"] for line in lines] == [{"recall": 0.25, "f1": 1 / 3}, {"f1": 0.75}, {}]
    assert not [key for line in lines for key in line if key.startswith("metrics_")]


@pytest.fixture
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "sections", lambda *_: [])


@pytest.mark.usefixtures("_undrawn")
def test_the_report_shows_the_metrics_of_the_best_trials(folder: StudyFolder, tmp_path: Path) -> None:
    page = write_report(folder, tmp_path / "out").page.read_text()
    best = page.split('id="best"')[1].split("</table>")[0]
    assert re.findall(r"<th[^>]*>([^<]*)</th>", best) == [
        "trial",
        "value",
        "x",
        "recall",
        "f1",
        "best epoch",
        "training time (s)",
    ]
    assert "0.3333" in best
    with (tmp_path / "out" / "tables" / "trials.csv").open() as file:
        assert [row["metrics_recall"] for row in csv.DictReader(file)] == ["0.25", "", ""]


def test_metrics_of_a_users_own_objective_come_through(
    root: Path, processes: Processes, make_study: MakeStudy, tmp_path: Path
) -> None:
    study = make_study("graded", trials=3, batch=3)
    processes.finish(processes.master(study, "--workers", "1", "--objective", "graded=tests.objectives:graded"))
    trials = load_study(root, "demo").trials
    assert trials["metrics_distance"].tolist() == (trials["params_x"] - 0.3).abs().tolist()
