"""Chaos within the time limit of continuous integration; `python -m tests.chaos` runs for any time."""

from pathlib import Path

import pytest

from tests.chaos.chaos import CNN, BrokenPromise, Storm, Weather, broken_promises, undisturbed
from tests.chaos.outcome import differences

SEED = 17


@pytest.mark.parametrize(
    ("weather", "at_least"),
    [
        (Weather("quick", trials=250, batch=50, epochs=3, pause_s=(0.05, 0.3)), 25),
        (Weather("cnn", CNN, trials=3, batch=3, epochs=4, workers=2, pause_s=(2.0, 4.0), is_timed=True), 1),
    ],
    ids=lambda value: value.name if isinstance(value, Weather) else "",
)
def test_disturbed_study_has_the_results_of_an_undisturbed_one(tmp_path: Path, weather: Weather, at_least: int) -> None:
    expected = undisturbed(tmp_path / "undisturbed", weather)
    assert len(expected) == 2 * weather.trials
    storm = Storm(tmp_path / "storm", weather, SEED)
    storm.run()
    assert broken_promises(storm, expected) == []
    assert storm.blows.total() >= at_least


def test_master_that_exits_early_breaks_a_promise(tmp_path: Path) -> None:
    storm = Storm(tmp_path / "storm", Weather("calm", trials=3, workers=0), SEED)
    storm._master = storm._processes.start("this")
    storm._expected_ends[storm._master.pid] = set()
    assert storm._master.wait() == 0
    for trial in (0, 2):
        storm.folder.trial_folder(trial).mkdir(parents=True, exist_ok=True)
        storm.folder.result(trial).touch()
    with pytest.raises(BrokenPromise, match=r"but trials \[1\] have no result"):
        storm._calm_down()


def test_an_outcome_tells_every_difference() -> None:
    expected = {"0.json": {"value": 1.0}, "0.csv": [["1", "0.5"]], "1.json": {"value": 2.0}}
    found = {"0.json": {"value": 1.5}, "0.csv": [["1", "0.5"]], "2.json": {"value": 2.0}}
    assert [line.split(":")[0] for line in differences(found, expected)] == ["0.json", "1.json", "2.json"]
