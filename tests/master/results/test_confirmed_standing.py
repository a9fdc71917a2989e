"""The incumbent of a confirmed search: ranked by its replicates' mean, never the luckiest replicate."""

import io
import json
import statistics
from collections.abc import Sequence

import pytest
from rich.console import Console, RenderableType

from hyperspool.common.goals import Constraint
from hyperspool.master.analysis.measures.finalists import finalists_rows
from hyperspool.master.finalize.choice import choose
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.state import Phase, StudyState
from hyperspool.master.results.wording import measured_text
from hyperspool.master.terminal.tables import incumbent_text, studies_table
from hyperspool.master.terminal.trials_table import settings_table
from tests.conftest import spec_of
from tests.master.finalize.test_finalize import result_of
from tests.master.recorded import journal_of

SEARCH = [0.5, 0.1, 0.2, 0.9]
AGAIN = [0.3, 0.21, 0.05, 0.22]
"""In turns: trial 1's params, then trial 2's. The lowest value is a lucky replicate of the worse setting."""


def standing(
    again: Sequence[float | None], direction: str = "minimise", finalists: tuple[int, int] = (1, 2)
) -> Standing:
    spec = spec_of(
        trials=4,
        objective={"name": "mlp", "direction": direction},
        confirm={"finalists": 2, "replicates": 2},
        space={"learning_rate": {"type": "float", "low": 0.0, "high": 1.0}},
    )
    rates = [0.0, 0.1, 0.2, 0.3, *(finalists[turn % 2] / 10 for turn in range(4))]
    values = enumerate(zip(rates, [*SEARCH, *again], strict=False))
    results = {(trial, 0): result_of(spec, trial, rate, value) for trial, (rate, value) in values}
    return Standing(spec, {**results}, journal=journal_of(spec, results))


def shown(renderable: RenderableType) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(renderable)
    return console.export_text()


@pytest.mark.parametrize("done", range(4))
def test_until_finalists_are_confirmed_the_search_leads(done: int) -> None:
    stands = standing(AGAIN[:done])
    assert [result.trial for result in stands.best(9)] == [1, 2, 0, 3]
    assert stands.to_json()["incumbent"] == {"trial": 1, "value": 0.1, "params": {"learning_rate": 0.1}}
    assert "0.1000 in trial 1:" in incumbent_text(stands).plain


def test_finalist_whose_mean_breaks_a_constraint_is_not_confirmed() -> None:
    stands = standing(AGAIN)
    limits = (Constraint.model_validate("validation_error <= 0.2"),)
    limited = Standing(stands.spec.model_copy(update={"constraints": limits}), stands.results, journal=stands.journal)
    assert [one.trial for one in stands.confirmed()] == [1, 2]
    assert [one.trial for one in limited.confirmed()] == [1]


def test_confirmed_finalists_lead_by_mean_and_others_follow_by_value() -> None:
    stands = standing([0.3, 0.21, 0.25, 0.22])
    assert [result.trial for result in stands.best(9)] == [2, 1, 0, 3]
    assert [result.trial for result in stands.best(1)] == [2]
    assert [result.trial for result in stands.best_of_search(2)] == [1, 2]
    printed = json.loads(json.dumps(stands.best_to_json(3)))
    assert printed[0] == stands.to_json()["incumbent"]
    assert printed[0] == {
        "trial": 2,
        "value": 0.2,
        "params": {"learning_rate": 0.2},
        "confirmed": {"mean": pytest.approx(0.215), "replicates": 2},
    }
    assert "confirmed" not in printed[2]


def test_incumbent_is_shown_with_its_mean_and_replicates() -> None:
    stands = standing([0.3, 0.21, 0.25, 0.22])
    assert "0.2150 (mean of 2 fresh replicates) with trial 2's params" in incumbent_text(stands).plain
    assert "0.2150 with trial 2's params" in shown(studies_table([(stands, StudyState(Phase.FINISHED, None, None))]))
    lines = shown(settings_table(stands, stands.best(3))).splitlines()
    assert [line.split()[:3] for line in lines[1:4]] == [
        ["2", "0.2000", "0.2150"],
        ["1", "0.1000", "0.2750"],
        ["0", "0.5000", "0"],
    ]


@pytest.mark.parametrize(
    "again",
    [
        [0.3, 0.21, 0.25, 0.22],
        [0.2, 0.2, 0.2, 0.2],  # a tie: the setting that the search ranked first
        [0.2, None, 0.3, 0.2],
        [0.01, 0.02, 0.03, 0.02],  # equal means except for rounding
        [None, 0.4, None, 0.3],
    ],
)
@pytest.mark.parametrize("direction", ["minimise", "maximise"])
@pytest.mark.parametrize("finalists", [(1, 2), (2, 1)])
def test_incumbent_finalize_and_the_finalists_table_agree(
    again: list[float | None], direction: str, finalists: tuple[int, int]
) -> None:
    stands = standing(again, direction, finalists)
    table = finalists_rows(stands.finalists())
    assert stands.incumbent is not None
    assert str(stands.incumbent.trial) == str(choose(stands).trial) == table[0][0]
    assert measured_text(stands.confirmed()[0].mean) == table[0][1]
    values = {trial: [value for value in again[place::2] if value is not None] for place, trial in enumerate(finalists)}
    means = {trial: statistics.fmean(own) for trial, own in values.items() if own}
    best = min(means.values()) if direction == "minimise" else max(means.values())
    assert means[stands.incumbent.trial] == pytest.approx(best)


def test_finalists_without_a_value_leave_the_search_leading() -> None:
    stands = standing([None] * 4)
    assert stands.confirmed() == []
    assert stands.incumbent is not None
    assert stands.incumbent.trial == 1


def test_a_study_that_confirms_nothing_is_ranked_by_value() -> None:
    stands = Standing(spec_of(), standing([]).results)
    assert stands.confirmed() == []
    assert [result.trial for result in stands.best(2)] == [1, 2]
