"""Population-based training from the first generation to the report, by real masters and workers."""

import json
import signal
from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Result
from hyperspool.master.analysis.data.frames import load_study
from hyperspool.master.analysis.figures.catalogue import sections
from hyperspool.master.journal.file import read_journal
from hyperspool.master.studies.published import read_published
from tests.commands import refused, said
from tests.finished import Finished, run_to_its_end
from tests.processes import Processes, leftovers, results_of, until

STUDY = """
name = "herd"
objective.name = "decay"
budget.epochs = 9
sampler = { name = "pbt", population = 4, interval = 3, perturb = ["rate"] }
[space]
rate = { low = 0.01, high = 0.9, log = true }
"""
SIZE = 4


@pytest.fixture(scope="module")
def herd(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The study, finished by one worker and disturbed by nothing."""
    options = ("--workers", "1", "--objective", "decay=tests.objectives:decay")
    return run_to_its_end(tmp_path_factory.mktemp("herd"), "herd", STUDY, *options)


def value_of(trial: int, found: dict[int, Result]) -> float:
    """What a trial measures if each of its epochs was trained once, with the rate of its own generation."""
    rates: list[object] = []
    last: int | None = trial
    while last is not None:
        rates = [found[last].params["rate"]] * 3 + rates
        last = found[last].starts_from
    value = 1.0
    for epoch, rate in enumerate(rates, start=1):
        assert isinstance(rate, float)
        value /= 1 + rate * (1 - epoch / 9)
    return value


def test_each_trial_goes_on_from_the_one_it_names(herd: Finished) -> None:
    folder = StudyFolder(herd.root, "herd")
    found = results_of(folder)
    assert {trial: result.value for trial, result in found.items()} == {
        trial: value_of(trial, found) for trial in range(12)
    }
    assert [result.resumed_from_epoch for result in found.values()] == [0] * 4 + [3] * 4 + [6] * 4
    copies = [trial for trial in range(SIZE, 12) if found[trial].starts_from != trial - SIZE]
    assert copies
    assert all(found[trial].params != found[found[trial].starts_from or 0].params for trial in copies)
    assert (folder.kept_checkpoints(), leftovers(folder)) == ([], [])
    assert "all proposed again as they are recorded" in said("master", "replay", "herd", "--root", str(herd.root))
    assert "every file of study herd is as it should be" in said("master", "fsck", "herd", "--root", str(herd.root))


def test_killed_worker_and_master_change_no_generation(root: Path, processes: Processes, herd: Finished) -> None:
    study, folder = root / "herd.toml", StudyFolder(root, "herd")
    study.write_text(STUDY)
    hold = processes.notes.with_name("hold")
    hold.touch()  # the second generation waits after its first epoch
    master, workers = processes.master(study), [processes.worker(objective="decay") for _ in range(2)]
    until(lambda: sum(bool(folder.checkpoints_of(trial)) for trial in range(4, 8)) == 2, "two checkpoints", root)
    starts = {entry.starts_from for entry in read_journal(folder, read_published(folder)).journal.entries.values()}
    assert starts - {None} < {0, 1, 2, 3}  # one is not copied on, and what it kept goes
    until(lambda: {name.trial for name in folder.kept_checkpoints()} == starts - {None}, "the checkpoints", root)
    for process in (master, workers[0]):
        process.send_signal(signal.SIGKILL)
        process.wait()
    hold.unlink()
    processes.worker(objective="decay")
    processes.finish(processes.master(study))
    assert as_proposed(folder) == as_proposed(StudyFolder(herd.root, "herd"))
    assert {4} <= {result.resumed_from_epoch for result in results_of(folder).values()} <= {0, 3, 4, 6}
    assert (folder.kept_checkpoints(), leftovers(folder)) == ([], [])


def as_proposed(folder: StudyFolder) -> list[tuple[object, ...]]:
    """What must not depend on who evaluated the trials, and when."""
    return [(each.params, each.starts_from, each.seeds, each.value) for each in results_of(folder).values()]


def test_lost_journal_is_rebuilt_with_every_start(root: Path, processes: Processes, herd: Finished) -> None:
    herd.copy(root)
    folder = StudyFolder(root, "herd")
    before = read_journal(folder, read_published(folder)).journal.entries
    folder.journal.unlink()
    processes.finish(processes.master(root / "herd.toml"))
    assert read_journal(folder, read_published(folder)).journal.entries == before


def test_objective_that_reports_no_epoch_ends_the_study(root: Path, processes: Processes) -> None:
    study = root / "herd.toml"
    study.write_text(STUDY.replace('"decay"', '"square"').replace('"rate"', '"x"').replace("rate =", "x ="))
    processes.worker(objective="square")
    master = processes.master(study)
    assert master.wait(60) == 1
    assert "what it did with 3 of 9 epochs: report each epoch, as trial.report(...)" in processes.output(master)


def test_status_and_show_say_where_a_trial_comes_from(herd: Finished) -> None:
    found = results_of(StudyFolder(herd.root, "herd"))
    stands = json.loads(said("master", "status", "herd", "--json", "--root", str(herd.root)))
    best, second, first = stands["lineage"]
    assert (best, found[best].starts_from, found[second].starts_from) == (stands["incumbent"]["trial"], second, first)
    assert [(each["epochs"], each["finished"], each["open"]) for each in stands["generations"]] == [
        (3, 4, 0),
        (6, 4, 0),
        (9, 4, 0),
    ]
    copied = [sum(found[trial].starts_from != trial - SIZE for trial in range(each, each + SIZE)) for each in (4, 8)]
    assert [each["copies"] for each in stands["generations"]] == [0, *copied]
    assert stands["epochs"] == {"spent": 36, "of_full_training": 9}
    line = f"trial {best} started from trial {second}, that from {first}"
    for printed in (herd.printed, said("master", "status", "herd", "--root", str(herd.root))):
        assert "generation 2, up to epoch 6: 4 finished, 1 copied a better one" in printed
        assert "36 epochs trained, as many as 4 full trainings" in printed
        assert line in printed
    assert line in said("master", "show", "herd", str(best), "--root", str(herd.root))
    assert "3 generations of 3 epochs" in herd.printed


def test_lost_checkpoint_shows_where_its_trial_is_shown(herd: Finished, root: Path) -> None:
    folder = StudyFolder(herd.copy(root), "herd")
    result = results_of(folder)[11]
    atomic.replace(folder.result(11), result.model_copy(update={"resumed_from_epoch": 0}).to_json(), durable=False)
    assert "so it was trained from its first epoch" in said("master", "show", "herd", "11", "--root", str(root))


def test_report_draws_every_lineage_and_no_simulated_search(herd: Finished) -> None:
    data = load_study(herd.root, "herd")
    assert data.trials["starts_from"].notna().sum() == 8
    found = {figure.name: figure for _, figures in sections(data) for figure in figures}
    assert "simulated-search" not in found
    drawn = found["population"].draw()
    assert [axes.get_ylabel() for axes in drawn.axes] == ["value (lower is better)", "rate"]
    assert all(len(axes.lines) == 12 for axes in drawn.axes)
    assert "started from trial" in found["population"].caption


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("enqueue", "herd", "--params", "rate=0.1"), "the sampler pbt plans all of its trials"),
        (("run", "herd.toml", "--epochs", "18"), "budget.epochs: the generations of pbt divide them, and would be"),
        (("simulate", "herd"), "study herd trains a population, in which each generation follows from the last one"),
    ],
)
def test_what_a_population_cannot_give_is_refused(herd: Finished, arguments: tuple[str, ...], message: str) -> None:
    given = (str(herd.root / each) if each == "herd.toml" else each for each in arguments)
    assert message in refused("master", *given, "--root", str(herd.root))
