"""What each test case of an ablation gains over the base: numbers, sentences and files."""

import csv
import io
import json
import math
import re
import statistics

import pytest
from scipy import stats

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.answers.ablation import ablation_verdict
from hyperspool.master.analysis.exports.ablation_table import ablation_cells, written_table
from hyperspool.master.analysis.exports.formats import TableFormat
from hyperspool.master.analysis.measures.ablation import ablation_rows
from hyperspool.master.search.known import Evaluation, Proposal
from tests.conftest import spec_of
from tests.master.played import evaluated, played

VALUES = {
    "base": (0.30, 0.32, 0.28, 0.31),
    "wide_net": (0.20, 0.21, 0.22, 0.19),
    "deep|net": (0.40, 0.42, 0.41, 0.43),
    "wide_net + deep|net": (0.29, 0.33, 0.30, 0.30),
}
"""The values of each test case's replicates."""


def study(direction: str = "minimise", settings: int = 3) -> StudySpec:
    space = {
        "wide": {"type": "categorical", "choices": [False, True]},
        "deep": {"type": "categorical", "choices": [False, True]},
        "l2": {"type": "float", "low": 1e-6, "high": 1.0, "log": True},
    }
    improvements = [{"name": "wide_net", "params": {"wide": True}}, {"name": "deep|net", "params": {"deep": True}}]
    table = {"base": {"wide": False, "deep": False}, "improvements": improvements, "settings": settings}
    spec = spec_of(
        trials=4 * settings,
        objective={"name": "square", "direction": direction},
        space=space,
        ablation=table,
        confirm={"replicates": 4},
    )
    return StudySpec.model_validate_json(spec.to_json())


def measured(spec: StudySpec, sign: float = 1.0, trials: int | None = None) -> list[Evaluation]:
    """The study's trials. While a case is tuned, its second setting is 0.5 below its replicates, the others 1 above."""

    def value_of(proposal: Proposal) -> float:
        stage = proposal.stage
        assert stage.case is not None
        values = VALUES[list(VALUES)[stage.case]]
        if not stage.is_search:
            return sign * values[stage.replicate]
        return sign * (values[0] + (-0.5 if stage.setting == 1 else 1.0))

    return played(spec, value_of)[:trials]


@pytest.mark.parametrize(("direction", "sign"), [("minimise", 1.0), ("maximise", -1.0)])
def test_a_gain_is_the_difference_to_base_with_welchs_interval(direction: str, sign: float) -> None:
    spec = study(direction)
    rows = ablation_rows(spec, measured(spec, sign))
    assert [row.case.name for row in rows] == list(VALUES)
    assert rows[0].gain is None
    for row in rows[1:]:
        # scipy's own test of the same difference; lower is better here, and its negative where higher is.
        test = stats.ttest_ind(VALUES["base"], VALUES[row.case.name], equal_var=False)
        expected = test.confidence_interval(0.95)
        assert row.gain == pytest.approx(statistics.mean(VALUES["base"]) - statistics.mean(VALUES[row.case.name]))
        assert row.gain_interval is not None
        assert (row.gain_interval.low, row.gain_interval.high) == pytest.approx((expected.low, expected.high))


def test_only_replicates_of_the_best_setting_count() -> None:
    spec = study()
    seen = measured(spec)
    for case, row in enumerate(ablation_rows(spec, seen)):
        assert row.fresh.values == VALUES[row.case.name]
        assert row.searched == pytest.approx(VALUES[row.case.name][0] - 0.5)
        assert row.tuned == {"l2": seen[case * 3 + 1].params["l2"]}


def test_sentences_say_what_is_better_worse_and_undecided() -> None:
    spec = study()
    assert ablation_verdict(spec, ablation_rows(spec, measured(spec)))[:3] == (
        "Better than the base, by 4 fresh replicates of each case's best setting: wide_net (+0.0975).",
        "Worse: deep|net (-0.1125).",
        # Two standard deviations of 0.017 and means 0.0025 apart: by the normal distribution 743.
        (
            "Undecided: 1 of 3 cases, by these replicates. The clearest of them, wide_net + deep|net, would need about "
            "745 of each."
        ),
    )


def test_a_running_study_shows_the_results_so_far() -> None:
    spec = study()
    for count in (0, 5, spec.trials, spec.trials + 1, spec.trials + 6):
        rows = ablation_rows(spec, measured(spec, trials=count))
        assert len(rows) == 4
        assert sum(len(row.fresh.values) for row in rows) == max(0, count - spec.trials)
        assert ablation_verdict(spec, rows)
        for table_format in TableFormat:
            assert written_table(spec, rows, table_format)


def test_a_case_whose_replicates_failed_has_no_gain() -> None:
    spec = study()
    seen = [evaluated(one.proposal, None if one.params["wide"] else one.value) for one in measured(spec)]
    wide = ablation_rows(spec, seen)[1]
    assert (wide.mean, wide.gain, wide.gain_interval) == (None, None, None)
    assert all(math.isnan(value) for value in wide.fresh.values)


def test_csv_holds_the_numbers_to_the_last_digit() -> None:
    spec = study()
    rows = ablation_rows(spec, measured(spec))
    read = list(csv.DictReader(io.StringIO(written_table(spec, rows, TableFormat.CSV))))
    assert [entry["case"] for entry in read] == list(VALUES)
    assert [entry["kind"] for entry in read] == ["base", "single", "single", "cumulative"]
    assert [float(entry["mean"]) for entry in read] == [row.mean for row in rows]
    assert read[0]["gain"] == ""
    assert [float(entry["gain_low"]) for entry in read[1:]] == [
        row.gain_interval.low for row in rows[1:] if row.gain_interval
    ]


def test_a_parameter_called_like_a_column_hides_no_column() -> None:
    spec = study()
    table = json.loads(spec.to_json())
    table["space"]["gain"] = table["space"].pop("l2")
    renamed = StudySpec.model_validate_json(json.dumps(table))
    rows = ablation_rows(renamed, measured(renamed))
    read = list(csv.DictReader(io.StringIO(written_table(renamed, rows, TableFormat.CSV))))
    assert float(read[1]["gain"]) == rows[1].gain
    assert float(read[1]["params_gain"]) == rows[1].tuned["gain"]
    assert {"best gain", "gain"} <= set(ablation_cells(renamed, rows))


def test_markdown_has_as_many_cells_in_every_line() -> None:
    spec = study()
    lines = written_table(spec, ablation_rows(spec, measured(spec)), TableFormat.MARKDOWN).splitlines()
    assert len(lines) == 2 + 4
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {9}
    assert r"deep\|net" in lines[4]


def test_latex_escapes_names_and_writes_numbers_as_mathematics() -> None:
    spec = study()
    rows = ablation_rows(spec, measured(spec))
    text = written_table(spec, rows, TableFormat.LATEX)
    assert r"wide\_net + deep" in text
    assert r"95\% interval" in text
    assert "$+0.0975$" in text
    assert "$-0.1125$" in text
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")].splitlines()[1:]
    assert {line.count("&") for line in body} == {ablation_cells(spec, rows).shape[1] - 1}


def test_another_study_has_no_rows() -> None:
    assert ablation_rows(spec_of(), []) == []
