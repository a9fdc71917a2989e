"""Frames and exports of studies with several objectives, and of studies with constraints."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Failure, FailureKind, Status
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData, load_study
from hyperspool.master.analysis.data.phases import keeping
from hyperspool.master.analysis.data.so_far import trials_so_far
from hyperspool.master.analysis.exports.export import export
from hyperspool.master.analysis.exports.simulation import SimulatedStudy
from hyperspool.master.analysis.figures.best_so_far import best_so_far_figure
from hyperspool.master.analysis.figures.captions import drawn_sentence
from hyperspool.master.analysis.measures.drawn_trials import best_first, drawn_trials, is_best, kept_values
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.proposer import Proposer
from hyperspool.master.results.one_trial import look_at_trial
from hyperspool.master.studies.published import read_published
from hyperspool.master.terminal.console import Terminal
from hyperspool.master.terminal.trial_page import print_trial
from tests.conftest import spec_of
from tests.master.analysis.data.written import finish
from tests.master.recorded import record

MEASURED = [(0.5, 5.0), (0.2, 2.0), (0.4, 1.0), (0.1, 9.0)]
"""Error and speed. The last one breaks the constraint."""
TRADE_OFF: dict[str, Any] = {
    "objectives": [{"measure": "error"}, {"measure": "speed", "direction": "maximise"}],
    "constraints": ["speed <= 8"],
}


def studied(root: Path, **changes: Any) -> StudyData:
    folder = StudyFolder(root, "demo")
    spec = spec_of(trials=6, batch=6, **changes)
    for path in (*folder.folders, folder.trial_folder(0)):
        atomic.make_folder(path)
    atomic.write_once(folder.spec, spec.to_json())
    for trial, (error, speed) in enumerate(MEASURED):
        finish(folder, trial, {"x": trial / 10}, value=error, metrics={"speed": speed})
    failure = Failure(kind=FailureKind.EXCEPTION, message="boom")
    finish(folder, 4, {"x": 0.4}, value=None, status=Status.FAILED, failure=failure)
    return load_study(root, "demo")


def test_trials_have_values_front_and_constraints_as_columns(root: Path) -> None:
    trials = studied(root, **TRADE_OFF).trials
    assert trials["values_error"].tolist()[:4] == [0.5, 0.2, 0.4, 0.1]
    assert trials["values_speed"].tolist()[:4] == [5.0, 2.0, 1.0, 9.0]
    assert trials[["values_error", "values_speed"]].iloc[4].isna().all()
    assert trials["on_front"].tolist() == [True, True, False, False, False]
    assert trials["keeps_constraints"].tolist() == [True, True, True, False, False]


def test_study_with_one_objective_has_no_such_columns(root: Path) -> None:
    names = set(map(str, studied(root).trials))
    assert not {name for name in names if name.startswith("values_")} | (names & {"on_front", "keeps_constraints"})


def test_open_trials_are_not_on_the_front(root: Path) -> None:
    studied(root, **TRADE_OFF)
    folder = StudyFolder(root, "demo")
    spec: StudySpec = read_published(folder)
    journal = Journal()
    batch = Proposer(spec, journal).propose({})
    assert batch is not None
    journal.add(batch)
    record(folder, journal)
    trials = trials_so_far(folder, spec)
    assert trials["status"].tolist()[-1] == "PENDING"
    assert trials["on_front"].dtype == np.bool_
    assert trials.loc[trials["on_front"], "trial"].tolist() == [0, 1]


def test_lines_of_json_hold_the_values_by_measure(root: Path, tmp_path: Path) -> None:
    data, out = studied(root, **TRADE_OFF), tmp_path / "out.jsonl"
    export(data, "jsonl", out)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert rows[1]["values"] == {"error": 0.2, "speed": 2.0}
    assert [row["on_front"] for row in rows] == [True, True, False, False, False]
    assert rows[4]["values"] == {"error": None, "speed": None}
    assert not any(key.startswith("values_") for key in rows[0])
    export(data, "csv", tmp_path / "out.csv")
    assert pd.read_csv(tmp_path / "out.csv")["values_speed"].tolist()[:2] == [5.0, 2.0]


def test_show_names_values_and_what_is_broken(root: Path) -> None:
    studied(root, **TRADE_OFF)
    one = look_at_trial(StudyFolder(root, "demo"), 3)
    found = one.to_json()
    assert (found["values"], found["breaks"]) == ({"error": 0.1, "speed": 9.0}, "speed <= 8")
    kept = look_at_trial(StudyFolder(root, "demo"), 0).to_json()
    assert "breaks" not in kept
    console = Terminal(width=100, record=True, file=io.StringIO())
    print_trial(console, one, "error")
    assert "trial 3: COMPLETE, error 0.1000, speed 9.0000, breaks speed <= 8" in console.export_text()


def test_simulated_searches_never_count_what_breaks_a_constraint(root: Path) -> None:
    data = studied(root, constraints=["speed <= 8"])
    values = kept_values(data)
    assert values[:3].tolist() == [0.5, 0.2, 0.4]
    assert np.isnan(values[3:]).all()
    assert SimulatedStudy(data, runs=5, seed=0).to_json()["exact"]["median"][-1] == 0.2


def test_figures_mark_the_best_that_keeps_every_constraint(root: Path) -> None:
    data = studied(root, constraints=["speed <= 8"])
    drawn = drawn_trials(data)
    assert best_first(data, drawn)["trial"].tolist() == [1, 2, 0, 3]
    assert is_best(data, drawn).tolist() == [False, True, False, False]
    assert "1 of them breaks a constraint and cannot be the best." in drawn_sentence(data)


def test_parts_that_keep_constraints_lack_what_breaks_one(root: Path) -> None:
    data = studied(root, constraints=["speed <= 8"])
    assert keeping(data).trials["trial"].tolist() == [0, 1, 2]
    assert keeping(data).curves["trial"].isin([0, 1, 2]).all()


def test_best_so_far_ignores_what_breaks_a_constraint(root: Path) -> None:
    plot = best_so_far_figure(studied(root, constraints=["speed <= 8"])).axes[0]
    (line,) = (line for line in plot.lines if line.get_drawstyle() == "steps-post")
    assert np.asarray(line.get_ydata()).tolist() == [0.5, 0.2, 0.2, 0.2, 0.2]
