"""The study of a range test, and the study file of its answer."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.errors import UsageError
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.measures.lr_range import Proposal
from hyperspool.master.range_test.study import base_study, cyclical_study, left_at_defaults, range_study, to_toml
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.preset import load_preset, preset_names
from tests.conftest import spec_of


def derived(base: StudySpec) -> StudySpec:
    return range_study(base, 1e-5, 1e-2, 12, is_log=True)


def fixed(spec: StudySpec) -> dict[str, Any]:
    return {name: parameter.model_dump()["value"] for name, parameter in spec.space.items()}


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_of_a_network_can_be_tested(preset: str) -> None:
    spec = derived(load_preset(preset))
    assert (spec.name, spec.all_trials, spec.epochs) == (f"{preset}-lr-range", 1, 12)
    rising = {"schedule": "range_test", "eta_min": 1e-5, "eta_max": 1e-2, "eta_log": True}
    assert fixed(spec) | rising == fixed(spec)


def test_fixed_params_are_kept_and_searched_ones_left_out() -> None:
    table = {
        "objective": {"name": "mlp"},
        "data": {"name": "digits", "train_size": 300},
        "space": {"learning_rate": 0.3, "batch_size": 50, "patience": 3, "l2": {"type": "float", "low": 0, "high": 1}},
    }
    base = spec_of(**table)
    spec = derived(base)
    assert left_at_defaults(base) == ("l2",)
    assert fixed(spec).keys() == {"batch_size", "schedule", "eta_min", "eta_max", "eta_log"}
    assert spec.data is not None
    assert spec.data.train_size == 300


def test_of_an_ablation_the_base_setting_is_tested() -> None:
    base = load_preset("two-layer-ablation")
    assert base.ablation is not None
    kept = {name: value for name, value in fixed(derived(base)).items() if name in base.ablation.base}
    assert kept == {name: base.ablation.base[name] for name in ("hidden_units", "keep_hidden")}
    assert left_at_defaults(base) == ("l2",)


def test_answer_is_a_study_that_run_accepts(tmp_path: Path) -> None:
    tested = derived(
        base_study(
            None,
            "mlp",
            tmp_path,
            Changes.parse(
                {}, ["space.nesterov=true", "data.train_size=70", "seed=7", "limits.time_limit_s=9", "claim=lease"]
            ),
        )
    )
    spec = cyclical_study(tested, Proposal(0.001, 0.02, has_ended=True))
    path = tmp_path / "answer.toml"
    path.write_text(to_toml(spec))
    read = base_study(str(path), None, tmp_path, Changes())
    assert read == spec
    space = tomllib.loads(path.read_text())["space"]
    assert space == {"momentum": 0.9, "nesterov": True, "schedule": "triangular", "eta_min": 0.001, "eta_max": 0.02}


@pytest.mark.parametrize(
    ("study", "objective", "message"),
    [
        ("scenario6", "mlp", "leave out --objective mlp"),
        (None, "rnn", "expected cnn or mlp"),
        ("no-such", None, "no study 'no-such'"),
    ],
)
def test_what_cannot_be_tested_is_refused(root: Path, study: str | None, objective: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        base_study(study, objective, root, Changes())


def test_own_objectives_and_invalid_ranges_are_refused() -> None:
    with pytest.raises(UsageError, match="a range test trains cnn or mlp"):
        derived(spec_of())
    with pytest.raises(UsageError, match="expected 0 < --from < --to"):
        range_study(load_preset("scenario6"), 0.1, 0.1, 12, is_log=False)
