from pathlib import Path

import pytest

from benchmarks.finished import write_study
from hyperspool.master.analysis.data import sample as sampling
from hyperspool.master.analysis.data.frames import study_data
from hyperspool.master.analysis.data.sample import sample, sample_sentence
from hyperspool.master.analysis.figures.best_so_far import best_so_far_figure
from hyperspool.master.analysis.page.facts import facts
from hyperspool.master.results.reading import read_results
from hyperspool.master.results.standing import read_standing
from hyperspool.master.studies.published import read_published


def test_of_many_trials_the_best_and_every_nth_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_study(tmp_path, 60)
    spec = read_published(folder)
    read = read_results(folder, spec)
    standing = read_standing(folder, spec, read)
    assert sample(read, standing) is read
    monkeypatch.setattr(sampling, "MOST_SHOWN", 10)
    monkeypatch.setattr(sampling, "BEST_KEPT", 3)
    shown = sample(read, standing)
    best = {each.trial for each in standing.best(3)}
    assert set(shown.results) == {(trial, 0) for trial in {*range(0, 60, 6), *best}}
    assert shown.left_out == 60 - len(shown.results)
    data = study_data(folder, spec, shown, journal=standing.journal)
    assert next(facts(data, standing)).value == "60 of 60"
    assert f"{len(shown.results)} of the 60 trials" in sample_sentence(len(data.trials), data.left_out)
    assert best_so_far_figure(data).axes[0].get_xlim()[1] > 54  # trials stand where they stood in the search
