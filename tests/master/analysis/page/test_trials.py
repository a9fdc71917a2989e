import json
import re
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import study_data
from hyperspool.master.analysis.page import trials
from hyperspool.master.analysis.page.render import ShownTrials
from hyperspool.master.analysis.page.trials import shown_trials
from hyperspool.master.results.reading import read_results
from hyperspool.master.results.standing import read_standing
from hyperspool.master.studies.published import read_published


def shown(folder: StudyFolder, out: Path) -> ShownTrials:
    spec: StudySpec = read_published(folder)
    read = read_results(folder, spec)
    found = shown_trials(folder, study_data(folder, spec, read), read_standing(folder, spec, read), out)
    assert found
    return found


def test_every_trial_is_there_with_all_digits(curved_study: StudyFolder, tmp_path: Path) -> None:
    found = shown(curved_study, tmp_path)
    content = json.loads(found.json)
    value = [column["label"] for column in content["columns"]].index("value")
    assert found.numbers == tuple(range(12))
    for trial, row in enumerate(content["rows"]):
        assert row[value] == json.loads(curved_study.result(trial).read_text())["value"]


def test_no_text_can_end_the_script(curved_study: StudyFolder, tmp_path: Path) -> None:
    found = shown(curved_study, tmp_path)
    assert not set("<>&") & set(found.json)
    assert "<b>bold</b>" in [cell for row in json.loads(found.json)["rows"] for cell in row]


def test_links_lead_from_the_page_to_files(curved_study: StudyFolder, tmp_path: Path) -> None:
    content = json.loads(shown(curved_study, tmp_path / "deep" / "down").json)
    (tmp_path / "deep" / "down").mkdir(parents=True)
    links = [href for details in content["details"] for _, href in details["links"]]
    assert len(links) >= 24
    assert all((tmp_path / "deep" / "down" / href).is_file() for href in links)


def test_too_many_epochs_are_thinned_up_to_the_last(
    curved_study: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = json.loads(shown(curved_study, tmp_path).json)["curves"]
    assert whole["every"] == 1
    numbers = len(whole["names"]) * sum(len(curve[0]) for curve in whole["trials"].values())
    monkeypatch.setattr(trials, "MOST_NUMBERS", numbers // 2)
    thinned = json.loads(shown(curved_study, tmp_path).json)["curves"]
    assert thinned["every"] == 2
    assert {tuple(curve[0]) for curve in thinned["trials"].values()} == {(1, 3)}


def test_an_open_trial_is_explained_and_links_to_its_job(curved_copy: StudyFolder, tmp_path: Path) -> None:
    curved_copy.result(11).unlink()
    found = shown(curved_copy, tmp_path)
    assert found.table.rows[11][:3] == ("11", "PENDING", "-")
    assert re.search(r"A PENDING trial waits for a worker\.", found.explanation)
    assert [label for label, _ in json.loads(found.json)["details"][11]["links"]] == ["job"]
