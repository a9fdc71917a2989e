"""A study learns from results of another study or of a table, which are not its own trials."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from hyperspool.common.earlier import EarlierResult
from hyperspool.common.errors import UsageError
from hyperspool.common.file_kinds import EARLIER
from hyperspool.common.layout import StudyFolder
from hyperspool.master.journal.earlier import read_earlier, record_earlier
from hyperspool.master.results.warm_start import find_warm_start
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import make_sampler
from tests.commands import refused, said
from tests.conftest import spec_of
from tests.finished import Finished
from tests.processes import Processes, results_of

LEARNING = spec_of(trials=6, sampler={"name": "tpe", "startup": 4}, name="new")
SPACE = {
    "x": {"type": "float", "low": 0.0, "high": 1.0},
    "kind": {"type": "categorical", "choices": ["flat", "deep"], "default": "flat"},
    "depth": {"type": "int", "low": 1, "high": 9, "when": {"kind": ["deep"]}},
    "width": {"type": "fixed", "value": 3},
}


def table(tmp_path: Path, *lines: str) -> str:
    """Write a table, and return its path."""
    path = tmp_path / "points.csv"
    path.write_text("\n".join(lines))
    return str(path)


def bowl(count: int) -> Sequence[EarlierResult]:
    """Results of a function whose lowest point is 0.7."""
    return [EarlierResult(params={"x": place / count}, value=(place / count - 0.7) ** 2) for place in range(count)]


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("sampler", ["tpe", "gp"])
def test_methods_that_learn_begin_where_earlier_results_are_best(sampler: str) -> None:
    spec = spec_of(trials=6, sampler={"name": sampler})
    cold, warm = (make_sampler(spec, earlier).suggest(6, Known()) for earlier in ((), bowl(20)))
    assert [proposal.trial for proposal in warm] == [0, 1, 2, 3, 4, 5]
    apart = [sum(abs(float(each.params["x"]) - 0.7) for each in some) for some in (cold, warm)]
    assert apart[1] < apart[0] / 2
    assert make_sampler(spec, bowl(20)).suggest(6, Known()) == warm


def test_study_learns_from_a_finished_one_which_counts_apart(
    finished_square: Finished, tmp_path: Path, root: Path, processes: Processes
) -> None:
    root = finished_square.copy(root)
    study = root / "new.toml"
    study.write_text((root / "demo.toml").read_text() + '\nsampler = { name = "tpe", startup = 4 }')
    worker = processes.worker(objective="square")
    folder = StudyFolder(root, "new")
    printed = processes.finish(processes.master(study, "--from", "demo"))
    assert "study new learns from 4 earlier results of demo, counted apart" in printed
    assert "study new is finished: 4 trials" in printed
    place = ("--root", str(root))
    shown = json.loads(said("master", "status", "new", *place, "--json"))
    assert (shown["total"], shown["earlier"]) == (4, {"sources": ["demo"], "results": 4})
    assert "learns from 4 earlier results of demo" in said("master", "status", "new", *place)
    assert "all proposed again as they are recorded" in said("master", "replay", "new", *place)
    assert "in order" in said("master", "fsck", "new", *place)
    before = results_of(folder)
    folder.journal.unlink()
    printed = processes.finish(processes.master(study, "--trials", "6"))  # the source need not be named again
    assert {key: result for key, result in results_of(folder).items() if key in before} == before
    assert "all proposed again as they are recorded" in said("master", "replay", "new", *place)
    other = table(tmp_path, "x,value", "0.5,1")
    assert f"learns from demo already, found {other}" in refused(
        "master", "run", str(study), *place, "--trials", "6", "--from", other
    )
    worker.terminate()
    assert worker.wait(20) == 0


def test_points_are_fitted_into_the_study_space(tmp_path: Path) -> None:
    spec = spec_of(space=SPACE, sampler={"name": "tpe"})
    source = table(
        tmp_path,
        "number,status,value,params_x,kind,depth,width,other",
        "0,COMPLETE,0.5,0.25,deep,4,3,9",
        "1,COMPLETE,0.25,0.5,,,,",
        "2,FAILED,,0.5,flat,,,",
        "3,COMPLETE,inf,0.5,flat,,,",
        "4,COMPLETE,0.1,2.5,flat,,,",
        "5,COMPLETE,0.1,0.5,flat,4,,",
        "6,COMPLETE,0.1,0.5,flat,,4,",
        "7,COMPLETE,0.1,,flat,,,",
    )
    found = find_warm_start(spec, tmp_path, [source])
    assert [(seen.params, seen.value) for seen in found.results.results] == [
        ({"x": 0.25, "kind": "deep", "depth": 4, "width": 3}, 0.5),
        ({"x": 0.5, "kind": "flat", "width": 3}, 0.25),
        ({"x": 0.5, "kind": "flat", "width": 3}, 0.1),
    ]
    assert found.sentence() == "3 earlier results left out: x: found 2.5, expected 0.0 to 1.0"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "the sampler random does not learn from earlier results; tpe and gp do"),
        ({"sampler": {"name": "auto"}}, "the sampler qmc, which auto chooses for so few trials, does not learn"),
        ({"sampler": {"name": "tpe"}, "objectives": [{"measure": "a"}, {"measure": "b"}]}, "several objectives takes"),
    ],
)
def test_study_that_cannot_learn_refuses_earlier_results(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        find_warm_start(spec_of(**changes), tmp_path, [table(tmp_path, "x,value", "0.5,1")])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["x", "0.5"], "line 2: expected a column value"),
        (["x,value", "0.5,low"], "line 2: value: found low, expected a number"),
        (["x,value", "5,1"], "no earlier result fits study new: x: found 5.0"),
        (["y,value", "5,1"], "no earlier result fits study new: x: missing"),
        ([], "expected a line of names"),
    ],
)
def test_table_that_says_nothing_is_refused(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find_warm_start(LEARNING, tmp_path, [table(tmp_path, *lines)])


def test_other_measures_cannot_be_learned_from(finished_square: Finished) -> None:
    other = LEARNING.model_copy(
        update={"objective": spec_of(objective={"name": "q", "direction": "maximise"}).objective}
    )
    with pytest.raises(UsageError, match="direction is minimise, here maximise"):
        find_warm_start(other, finished_square.root, ["demo"])
    with pytest.raises(UsageError, match="no study 'elsewhere'"):
        find_warm_start(LEARNING, finished_square.root, ["elsewhere"])


def test_study_that_has_begun_takes_no_earlier_results(finished_square: Finished, root: Path, tmp_path: Path) -> None:
    spec = LEARNING.model_copy(update={"name": "demo"})
    found = find_warm_start(spec, root, [table(tmp_path, "x,value", "0.5,1")]).results
    with pytest.raises(UsageError, match="study demo has trials already"):
        record_earlier(StudyFolder(finished_square.copy(root), "demo"), spec, found)


def test_damaged_earlier_results_stop_the_study(finished_square: Finished, root: Path) -> None:
    folder = StudyFolder(finished_square.copy(root), "demo")
    assert read_earlier(folder) is None
    folder.path(EARLIER).write_text("{")
    assert "or remove it: the study then goes on without" in refused(
        "master", "run", "demo", "--root", str(root), status=1
    )
