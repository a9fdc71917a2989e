"""What a comparison says of two searches, and what it refuses to compare."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.errors import UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.answers.comparison import comparison_sentences, need_comparable, side_labels
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.comparison import Unit, compare
from tests.commands import refused, said
from tests.conftest import spec_of
from tests.master.analysis.measures.test_comparison import ended, falling, search
from tests.master.analysis.searched import searched
from tests.master.analysis.synthetic import make_study_data, with_goals
from tests.master.analysis.varied import write_varied


def sentences(*sides: list[StudyData]) -> str:
    labels = side_labels(
        [[f"{name}-{number}" for number, _ in enumerate(side)] for name, side in zip("ab", sides, strict=True)]
    )
    return "\n".join(comparison_sentences(sides, labels, compare(sides[0], sides[1], Unit.TRIALS), Unit.TRIALS))


def test_clear_lead_is_named_with_its_intervals() -> None:
    text = sentences([search(falling(1 + noise / 10)) for noise in range(5)], [search(falling(4.0)) for _ in range(5)])
    assert "After 8 trials, a (5) is better than b (5): 0.1500 against 0.5000, a gain of 0.3500 (95% interval " in text
    assert "It has led from 1 trial on." in text
    assert "a search of a (5) is better than one of b (5) is 1.00 (95% interval 1.00 to 1.00)." in text
    assert "Intervals of 5 scores are too narrow: of normal numbers, they hold the true mean in about 83%" in text


def test_lead_that_may_be_chance_is_called_so() -> None:
    text = sentences([search(falling(start)) for start in (1.0, 9.0)], [search(falling(start)) for start in (2.0, 9.0)])
    assert "a (2) has the better mean than b (2)" in text
    assert "That may be chance: the interval holds 0." in text


def test_single_scores_get_advice_and_no_probability() -> None:
    text = sentences([search(falling(2.0))], [search(falling(1.0))])
    assert "b-0 has the better mean than a-0: 0.1250 against 0.2500, a gain of 0.1250. It has led" in text
    assert "Of a-0 and of b-0 there is a single score" in text
    assert "probability" not in text


def test_scores_that_chose_their_setting_are_called_flattering() -> None:
    data = search(falling(1.0), replicates=2)
    text = sentences([data], [data])
    assert "a-0 and b-0 are equal" in text
    assert "The scores of a-0 are those by which its best setting was chosen, which flatters it." in text


def test_searches_of_different_things_are_pointed_out() -> None:
    other = ended(searched(spec_of(trials=8, batch=4, objective={"name": "other"}), falling(1.0)))
    assert "They evaluate different things: square, other." in sentences([search(falling(1.0))], [other])


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        ([["a"], ["b"]], ("a", "b")),
        ([["tpe-0", "tpe-1"], ["random"]], ("tpe (2)", "random")),
        ([["x-1", "y-1"], ["x-2", "y-2"]], ("x-1 (2)", "x-2 (2)")),
        ([["t-0", "t-1"], ["t-2", "t-3"]], ("t (2), t-0", "t (2), t-2")),
    ],
)
def test_sides_are_named_by_what_their_studies_share(names: list[list[str]], labels: tuple[str, str]) -> None:
    assert side_labels(names) == labels


def test_studies_without_one_common_value_are_refused() -> None:
    one = search(falling(1.0))
    several = with_goals(make_study_data(trials=4, objective="mine"))
    with pytest.raises(UsageError, match=r"has several objectives \(error, speed\), so it has no best value"):
        need_comparable([[one], [several]])
    other = search(falling(1.0), objective={"name": "square", "direction": "maximise"})
    with pytest.raises(UsageError, match="demo is to minimise its value, and demo to maximise its value"):
        need_comparable([[one], [other]])
    with pytest.raises(UsageError, match="no trial of demo is COMPLETE yet"):
        need_comparable([[one], [search(lambda *_: None)]])


def test_command_compares_studies_of_a_folder(root: Path) -> None:
    folder = write_varied(root)
    shutil.copytree(folder.jobs, root / "jobs" / "other")
    shutil.copytree(folder.results, root / "results" / "other")
    other = StudyFolder(root, "other")
    for path in (other.spec, *other.trials.rglob("*.json")):
        path.write_text(path.read_text().replace('"demo"', '"other"'))
    printed = said("master", "compare", "demo", "other", "--root", str(root), "--by", "epochs")
    assert "demo and other are equal: 0.1250." in printed
    found: dict[str, Any] = json.loads(said("master", "compare", "demo", "other", "--root", str(root), "--json"))
    assert found["rows"][-1]["scores"] == [[0.125], [0.125]]
    assert found["rows"][-1]["mean"] == [{"value": 0.125, "low": None, "high": None}] * 2
    assert "--by hours: expected trials, epochs, seconds" in refused(
        "master", "compare", "demo", "other", "--root", str(root), "--by", "hours"
    )
