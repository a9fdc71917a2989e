"""The standing of studies with several objectives, and of studies with constraints."""

import io
from typing import Any

from rich.console import Console, RenderableType

from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Failure, FailureKind, Status
from hyperspool.master.results.standing import Standing, read_standing
from hyperspool.master.results.state import state_of
from hyperspool.master.terminal.console import Terminal
from hyperspool.master.terminal.pictures import standing_view, studies_view
from hyperspool.master.terminal.summary import print_result
from hyperspool.master.terminal.tables import incumbent_text
from hyperspool.master.terminal.views import result_line
from tests.conftest import spec_of
from tests.master.analysis.data.written import finish

SEVERAL: list[dict[str, str]] = [{"measure": "error"}, {"measure": "speed", "direction": "maximise"}]
MEASURED = [(0.5, 5.0), (0.2, 2.0), (0.4, 1.0), (0.1, 9.0), (0.3, 2.0)]
"""Error and speed. Trials 0, 1 and 3 would be on the front, but the last of these is beyond the limit below."""
CONSTRAINTS = ["speed <= 8"]


def standing_of(folder: StudyFolder, **changes: Any) -> Standing:
    spec = spec_of(trials=6, **changes)
    for trial, (error, speed) in enumerate(MEASURED):
        finish(folder, trial, {"x": 0.25}, value=error, metrics={"speed": speed})
    failure = Failure(kind=FailureKind.EXCEPTION, message="boom")
    finish(folder, 5, {"x": 0.25}, value=None, status=Status.FAILED, failure=failure)
    return read_standing(folder, spec)


def shown(picture: RenderableType) -> str:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(picture)
    return console.export_text()


def test_front_comes_first_and_its_best_value_is_the_incumbent(folder: StudyFolder) -> None:
    stands = standing_of(folder, objectives=SEVERAL, constraints=CONSTRAINTS)
    assert [result.trial for result in stands.best(9)] == [1, 0, 4, 2]
    printed = stands.best_to_json(3)
    assert printed[0] == {
        "trial": 1,
        "value": 0.2,
        "params": {"x": 0.25},
        "values": {"error": 0.2, "speed": 2.0},
        "on_front": True,
    }
    assert [entry["on_front"] for entry in printed] == [True, True, False]


def test_status_has_front_hypervolume_and_broken_constraints(folder: StudyFolder) -> None:
    printed = standing_of(folder, objectives=SEVERAL, constraints=CONSTRAINTS).to_json()
    assert list(printed)[-4:] == ["constraints", "front", "hypervolume", "reference"]
    assert printed["incumbent"]["trial"] == 1
    assert [entry["trial"] for entry in printed["front"]] == [1, 0]
    assert printed["constraints"] == {"speed <= 8": 1}
    # Of the four that keep the limit, the worst are 0.5 and 1.0, and the ranges 0.3 and 4.0.
    error, speed = 0.53, 0.6
    assert printed["reference"] == {"error": error, "speed": speed}
    volume = (0.5 - 0.2) * (2 - speed) + (error - 0.5) * (5 - speed)
    assert abs(printed["hypervolume"] - volume) < 1e-9


def test_trial_that_breaks_a_constraint_is_never_the_incumbent(folder: StudyFolder) -> None:
    stands = standing_of(folder, constraints=CONSTRAINTS)
    assert [result.trial for result in stands.best(9)] == [1, 4, 2, 0]
    assert "front" not in stands.to_json()
    none = Standing(spec_of(constraints=["speed <= 0"]), stands.results)
    assert (none.incumbent, none.broken) == (None, {"speed <= 0": 5})
    assert incumbent_text(none).plain == "no trial keeps every constraint yet"


def test_study_with_one_objective_prints_no_key_more(folder: StudyFolder) -> None:
    stands = standing_of(folder)
    assert not {"front", "hypervolume", "reference", "constraints"} & stands.to_json().keys()
    assert stands.best_to_json(1) == [{"trial": 3, "value": 0.1, "params": {"x": 0.25}}]


def test_front_is_worded_for_people(folder: StudyFolder) -> None:
    stands = standing_of(folder, objectives=SEVERAL, constraints=CONSTRAINTS)
    text = "a front of 2 trials: best error 0.2000 in trial 1, best speed 5.0000 in trial 0"
    assert text in shown(standing_view(stands))
    assert "1 trial breaks speed <= 8" in shown(standing_view(stands))
    assert "a front of 2 trials" in shown(studies_view([(stands, state_of(folder, stands))], folder.root))
    empty = Standing(stands.spec)
    assert "no trial is on the front yet" in shown(standing_view(empty))


def test_lines_of_results_name_each_measure_and_what_is_broken(folder: StudyFolder) -> None:
    stands = standing_of(folder, objectives=SEVERAL, constraints=CONSTRAINTS)
    lines = [result_line(stands, stands.results[trial, 0], stands.progress[1]) for trial in (1, 3, 5)]
    assert "trial 1  error 0.2000, speed 2.0000  x=0.25" in lines[0]
    assert "trial 3  error 0.1000, speed 9.0000, breaks speed <= 8  x=0.25" in lines[1]
    assert "trial 5  FAILED (exception)  x=0.25" in lines[2]


def test_results_that_land_together_are_counted_one_by_one(folder: StudyFolder) -> None:
    stands = standing_of(folder)
    lines = [result_line(stands, result, stands.progress[1]) for result in stands.results.values()]
    assert [line.split()[0] for line in lines] == [f"[{count}/6]" for count in range(1, 7)]


def test_end_of_a_run_shows_the_front(folder: StudyFolder) -> None:
    stands = standing_of(folder, objectives=SEVERAL, constraints=CONSTRAINTS)
    console = Terminal(width=100, record=True, file=io.StringIO())
    print_result(console, folder, stands, None)
    lines = console.export_text().splitlines()
    assert lines[0] == "study demo is finished: 6 trials, 1 FAILED, 1 trial breaks speed <= 8"
    heading = lines.index("the front, and the best of the others")
    assert lines[heading + 1].split() == ["trial", "error", "speed", "on", "front", "x", "time"]
    assert lines[heading + 2].split()[:4] == ["1", "0.2000", "2.0000", "yes"]
    assert lines[heading + 4].split()[:4] == ["4", "0.3000", "2.0000", "0.25"]
