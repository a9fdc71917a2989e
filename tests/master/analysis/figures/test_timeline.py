from dataclasses import replace
from pathlib import Path

import pandas as pd

from hyperspool.master.analysis.figures.files import save_figure
from hyperspool.master.analysis.figures.timeline import MAX_ROWS, figures, timeline_figure
from tests.master.analysis.synthetic import make_study_data


def test_the_figure_has_a_row_per_worker(tmp_path: Path) -> None:
    data = make_study_data(trials=20)
    (named,) = figures(data)
    assert "20 trials on 2 workers" in named.caption
    labels = [label.get_text() for label in timeline_figure(data).axes[0].get_yticklabels()]
    assert labels == ["lab-0", "lab-1"]
    assert save_figure(named, tmp_path).paths[0].is_file()


def test_diverged_and_failed_trials_stand_in_the_legend() -> None:
    data = make_study_data(trials=20, diverges=lambda params: float(params["momentum"]) > 0.5, fails=[3])
    texts = {text.get_text() for text in timeline_figure(data).legends[0].get_texts()}
    assert {"diverged", "failed"} <= texts


def test_of_many_workers_the_busiest_are_shown() -> None:
    data = make_study_data(trials=60)
    workers = [f"w{trial % 30:02}" for trial in range(60)]
    crowded = replace(data, trials=data.trials.assign(worker=workers))
    (named,) = figures(crowded)
    assert f"The {MAX_ROWS} workers that evaluated longest" in named.caption
    assert len(named.draw().axes[0].get_yticks()) == MAX_ROWS


def test_a_pause_is_mentioned_and_marked() -> None:
    data = make_study_data(trials=16)
    late = data.trials["trial"] >= 8
    moved = {
        name: data.trials[name].where(~late, data.trials[name] + pd.Timedelta(hours=8))
        for name in ("claimed_at", "ended_at")
    }
    (named,) = figures(replace(data, trials=data.trials.assign(**moved)))
    assert "1 pause" in named.caption
    assert "8 h 00 min" in {text.get_text() for text in named.draw().axes[0].texts}


def test_a_study_without_results_has_no_timeline() -> None:
    data = make_study_data(trials=1)
    assert figures(replace(data, trials=data.trials.head(0))) == []
