"""One notion of best: every command and the page name the setting with the best mean, not the luckiest replicate."""

import json
from pathlib import Path

import numpy as np
import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.data.frames import load_study
from hyperspool.master.analysis.measures.drawn_trials import best_values, is_best
from hyperspool.master.analysis.page.report import write_report
from hyperspool.master.finalize.choice import choose
from hyperspool.master.results.settings import best_so_far
from hyperspool.master.results.standing import Standing, open_standing
from hyperspool.master.terminal.brief import print_end
from hyperspool.master.terminal.console import Terminal
from tests.commands import said
from tests.conftest import spec_of
from tests.finished import Finished, run_to_its_end
from tests.master.finalize.test_finalize import result_of
from tests.master.recorded import journal_of
from tests.objectives import LUCKY

STUDY = """
objective.name = "lucky"
sampler.name = "grid"
replicates = 5
budget.epochs = 3
batch = 20
space.lr = [0.1, 0.01, 0.03]
"""
GOOD_MEAN, LUCKY_MEAN = 0.404, 0.578


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A grid of three settings, in which the first has the luckiest replicate and the second the best mean."""
    options = ("--workers", "1", "--objective", "lucky=tests.objectives:lucky")
    return run_to_its_end(tmp_path_factory.mktemp("lucky"), "lucky", STUDY, *options)


def standing(*values: float | None, replicates: int = 2) -> Standing:
    """Two settings by turns of `replicates` trials, as far as there are values."""
    spec = spec_of(
        trials=2 * replicates,
        objective={"name": "mlp"},
        replicates=replicates,
        sampler={"name": "grid"},
        space={"learning_rate": [0.1, 0.2]},
    )
    rates = [0.1] * replicates + [0.2] * replicates
    pairs = zip(rates, values, strict=False)
    results = {(trial, 0): result_of(spec, trial, rate, value) for trial, (rate, value) in enumerate(pairs)}
    return Standing(spec, {**results}, journal=journal_of(spec, results))


def test_the_run_names_the_setting_with_the_best_mean(study: Finished) -> None:
    heading, columns, first = study.printed.partition("the best 3")[2].splitlines()[:3]
    assert heading == " settings"
    assert columns.split() == ["trial", "mean", "value", "deviation", "replicates", "lr", "time"]
    assert first.split()[:5] == ["5", "0.4040", "0.0114", "5", "0.01"]


def test_status_names_the_setting_with_the_best_mean(study: Finished) -> None:
    place = ("--root", str(study.root))
    assert "best value 0.4040 (mean of 5 replicates) with trial 5's params: lr=0.01" in said(
        "master", "status", "lucky", *place
    )
    assert "0.4040 with trial 5's params" in said("master", "status", *place)
    incumbent = json.loads(said("master", "status", "lucky", *place, "--json"))["incumbent"]
    assert (incumbent["trial"], incumbent["params"]) == (5, {"lr": 0.01})
    assert incumbent["value"] == pytest.approx(GOOD_MEAN)


def test_top_lists_settings_by_their_means(study: Finished) -> None:
    found = json.loads(said("master", "top", "lucky", "--root", str(study.root), "--json"))
    assert [entry["params"]["lr"] for entry in found] == [0.01, 0.1, 0.03]
    assert [entry["value"] for entry in found] == pytest.approx([GOOD_MEAN, LUCKY_MEAN, 0.604])
    assert (found[0]["replicates"], found[0]["trials"]) == (5, [5, 6, 7, 8, 9])
    assert found[0]["deviation"] == pytest.approx(0.0114, abs=1e-4)


def test_top_lists_single_trials_if_asked(study: Finished) -> None:
    place = ("--root", str(study.root))
    found = json.loads(said("master", "top", "lucky", *place, "--trials", "--json"))
    assert [(entry["trial"], entry["value"]) for entry in found] == [(0, 0.28), (4, 0.33), (7, 0.39)]
    assert said("master", "top", "lucky", *place, "--trials").splitlines()[1].split()[:3] == ["0", "0.2800", "0.1"]


def test_top_within_a_budget_ranks_by_means_too(study: Finished) -> None:
    wanted = ("master", "top", "lucky", "--root", str(study.root), "--within-epochs", "2", "--json")
    assert [(entry["trial"], entry["value"]) for entry in json.loads(said(*wanted))] == [
        (5, pytest.approx(GOOD_MEAN)),
        (0, pytest.approx(LUCKY_MEAN)),
        (10, pytest.approx(0.604)),
    ]
    assert json.loads(said(*wanted, "--trials"))[0]["value"] == min(LUCKY[0.1])


def test_the_page_has_the_same_best(study: Finished, tmp_path: Path) -> None:
    page = write_report(StudyFolder(study.root, "lucky"), tmp_path).page.read_text()
    assert "best value, mean of 5 replicates" in page
    assert "The best two of 3 settings are lr 0.01: value 0.4040 (mean of 5)" in page
    best = page.partition('id="best"')[2].partition("</table>")[0]
    assert best.index("0.4040") < best.index("0.5780")
    assert "0.2800" not in best


def test_a_call_from_python_ends_with_the_same_best(study: Finished, capsys: pytest.CaptureFixture[str]) -> None:
    folder = StudyFolder(study.root, "lucky")
    print_end(Terminal(), folder, open_standing(folder), 1.0)
    assert "best value 0.4040 (mean of 5 replicates)" in capsys.readouterr().out


def test_finalize_chooses_what_status_names() -> None:
    stands = standing(0.1, 0.9, 0.3, 0.4)
    assert stands.incumbent is not None
    assert (choose(stands).params, choose(stands).trial) == (stands.incumbent.params, stands.incumbent.trial)
    assert stands.incumbent.params == {"learning_rate": 0.2}


def test_setting_without_all_its_replicates_does_not_lead() -> None:
    assert [each.trial for each in standing(0.5, 0.5, 0.1).best(9)] == [0, 2]
    (alone,) = standing(0.1).best(9)
    assert (alone.basis, alone.is_settled) == ("mean of 1 of 2 replicates", False)


def test_failed_replicate_counts_as_one_that_is_done() -> None:
    best = standing(None, 0.2, 0.3, 0.3).best(9)
    assert [(each.trial, each.basis) for each in best] == [
        (1, "mean of 1 of 2 replicates"),
        (2, "mean of 2 replicates"),
    ]


def test_best_so_far_follows_settings_whose_replicates_are_in() -> None:
    assert standing(0.1, 0.9, 0.3, 0.4).best_so_far() == [0.5, 0.5, 0.35]


def test_another_trial_of_the_best_setting_may_make_it_worse() -> None:
    numbers = [("a", 0.1), ("b", 0.3), ("a", 0.9), ("c", None)]
    assert best_so_far(numbers, 1, "minimise") == [0.1, 0.1, 0.3, 0.3]
    assert best_so_far(numbers, 1, "maximise") == [0.1, 0.3, 0.5, 0.5]


def test_figures_mark_all_trials_of_the_best_setting(study: Finished) -> None:
    data = load_study(study.root, "lucky")
    assert data.trials.loc[is_best(data, data.trials), "trial"].tolist() == [5, 6, 7, 8, 9]
    assert best_values(data)[[4, 9, 14]].tolist() == pytest.approx([LUCKY_MEAN, GOOD_MEAN, GOOD_MEAN])
    assert np.isnan(best_values(data)[:4]).all()
