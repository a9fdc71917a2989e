from pathlib import Path
from typing import Any

import pytest

import hyperspool as hs
from hyperspool.common.errors import FolderError, StudyError, UsageError
from hyperspool.common.names import MAX_TRIALS

SPACE = {"x": hs.Float(0, 1)}


def _published(root: Path, **settings: Any) -> hs.Study:
    study = hs.Study("demo", SPACE, root=root, **settings)
    study._settings.publish(study.spec)
    return study


def test_the_same_settings_go_on_with_the_study(tmp_path: Path) -> None:
    first = _published(tmp_path, direction="maximize", seed=3)
    assert _published(tmp_path, direction="maximise", seed=3).spec == first.spec
    assert hs.Study.open("demo", tmp_path).spec == first.spec
    assert first.spec.trials == MAX_TRIALS


def test_other_settings_are_refused_with_the_differences(tmp_path: Path) -> None:
    _published(tmp_path, direction="maximize", seed=3)
    with pytest.raises(UsageError) as refused:
        _published(tmp_path, seed=4)
    assert '\n  seed: published 3, now 4\n  objective.direction: published "maximise", now "minimise"' in str(
        refused.value
    )
    assert "give it another name" in str(refused.value)
    with pytest.raises(UsageError, match="seed: published 3, now 9"):
        hs.Study("demo", root=tmp_path, seed=9).run(trials=1)


def test_a_study_that_is_nowhere_is_not_opened(tmp_path: Path) -> None:
    for name in ("jobs", "results"):
        (tmp_path / name).mkdir()
    with pytest.raises(UsageError, match="no study 'nowhere'"):
        hs.Study.open("nowhere", tmp_path)
    with pytest.raises(FolderError, match="there is no such folder"):
        hs.Study("demo", SPACE, root=tmp_path / "not" / "mounted").run(trials=1)


def test_a_method_in_rounds_takes_its_trials_from_the_run(tmp_path: Path) -> None:
    study = hs.Study("rounds", SPACE, root=tmp_path, sampler={"name": "coarse-to-fine", "rounds": 2, "keep": 2})
    with pytest.raises(StudyError, match="trials: missing"):
        study.run(trials=None, workers=0)
    study.run(lambda params, _: params["x"], trials=6, show=False)
    assert study.spec.trials == 6
    with pytest.raises(UsageError, match="its search divides them up"):
        study.run(trials=5, workers=0)


def test_settings_that_are_not_valid_are_listed(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as refused:
        hs.Study("demo", {"x": [1, 1]}, root=tmp_path, direction="up", limits={"patience": 3}).run(trials=1)
    assert {line.split(":")[0] for line in refused.value.problems} >= {"objective.direction", "limits.patience"}
