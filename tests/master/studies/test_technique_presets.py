"""The presets that repeat published studies of training techniques, in full and in their quick form."""

import tomllib
from pathlib import Path

import pytest

from hyperspool.common.errors import UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Status
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.preset import load_preset, preset_names
from hyperspool.master.studies.source import find_study
from hyperspool.worker.training.params import SCHEDULES, CnnParams, MlpParams
from hyperspool.worker.training.schedules import make_schedule
from tests.conftest import MakeStudy
from tests.processes import REPOSITORY, Processes, results_of

PRESETS = [name for name in preset_names() if name.startswith(("smith-", "two-layer-", "init-"))]
UPDATES_PER_EPOCH = 20


def spec_of(preset: str, *assignments: str, is_quick: bool = False) -> StudySpec:
    return find_study(preset, Path(), Changes.parse({}, assignments, is_quick=is_quick))


@pytest.mark.parametrize("is_quick", [False, True])
@pytest.mark.parametrize("dataset", ["digits", "mnist", "cifar10"])
@pytest.mark.parametrize("preset", PRESETS)
def test_training_can_do_every_preset_on_every_data_set(preset: str, dataset: str, *, is_quick: bool) -> None:
    spec = spec_of(preset, f"data.name={dataset}", is_quick=is_quick)
    assert spec.data
    assert spec.data.name == dataset
    params_type = {"cnn": CnnParams, "mlp": MlpParams}[spec.objective.name]
    for proposal in make_sampler(spec).suggest(spec.trials, Known()):
        # Only training finds contradictions between params. num_filters and hidden_units have no default.
        make_schedule(params_type(**({"learning_rate": 0.01} | proposal.params)), UPDATES_PER_EPOCH, spec.epochs)


@pytest.mark.parametrize("preset", PRESETS)
def test_quick_run_is_less_work_under_its_own_name(preset: str) -> None:
    full, quick = load_preset(preset), spec_of(preset, is_quick=True)
    assert quick.name == f"{preset}-quick"
    assert quick.trials * quick.epochs < full.trials * full.epochs / 4


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_names_its_source(preset: str) -> None:
    text = (REPOSITORY / "master" / "studies" / "presets" / f"{preset}.toml").read_text()
    assert "Source" in text.split("name =", maxsplit=1)[0]
    assert "arXiv" in tomllib.loads(text)["title"] or "course" in tomllib.loads(text)["title"]


def test_quick_run_keeps_a_given_name_and_says_quick() -> None:
    quick = spec_of("smith-momentum", "name=mine", is_quick=True)
    assert quick.name == "mine"
    assert quick.title == f"{load_preset('smith-momentum').title} (quick form)"
    assert spec_of("smith-momentum", "name=mine").title == load_preset("smith-momentum").title


@pytest.mark.parametrize(
    ("study", "name", "is_quick"),
    [
        ("smith-momentum", "smith-momentum", True),
        ("smith-momentum", "scenario1", False),
        ("mine.toml", "scenario1", False),
    ],
)
def test_no_other_study_takes_a_presets_name(study: str, name: str, is_quick: bool) -> None:
    with pytest.raises(UsageError, match=f"--set name={name}: that is a preset, and .* is another study"):
        spec_of(study, f"name={name}", is_quick=is_quick)
    assert spec_of("scenario1", "name=scenario1").name == "scenario1"


def test_options_come_after_what_quick_changes() -> None:
    spec = find_study("smith-momentum", Path(), Changes.parse({"--epochs": ("budget.epochs", 2)}, [], is_quick=True))
    assert spec.epochs == 2
    assert spec.replicates == 1


def test_command_to_resume_a_quick_run_is_quick_too() -> None:
    assert Changes.parse({"--epochs": ("budget.epochs", 2)}, [], is_quick=True).arguments == (
        "--quick",
        "--epochs",
        "2",
    )


def test_quick_is_refused_for_studies_without_its_table(root: Path, make_study: MakeStudy) -> None:
    with pytest.raises(UsageError, match=r"--quick: the study has no table \[quick\]"):
        spec_of("scenario1", is_quick=True)
    with pytest.raises(UsageError, match="--quick"):
        spec_of(str(make_study("mine")), is_quick=True)


def test_own_study_file_may_say_what_quick_means(make_study: MakeStudy) -> None:
    path = make_study("mine", more="quick.trials = 2")
    assert spec_of(str(path)).trials == 4
    quick = spec_of(str(path), is_quick=True)
    assert (quick.name, quick.trials) == ("demo-quick", 2)


def test_the_learning_rates_preset_compares_the_schedules_of_its_sources() -> None:
    proposals = make_sampler(load_preset("smith-learning-rates")).suggest(36, Known())
    schedules = {str(proposal.params["schedule"]) for proposal in proposals}
    assert schedules == {"constant", "triangular", "cosine_restarts", "one_cycle"} <= set(SCHEDULES)


@pytest.mark.parametrize(
    ("preset", "changes"),
    [
        ("two-layer-ablation", {"sampler": '{name="random"}', "ablation.settings": "2"}),
        ("init-and-batchnorm", {"space.learning_rate": "0.1", "space.sigma": "0.1", "space.initialisation": "normal"}),
    ],
)
def test_a_preset_runs_on_its_own_data(root: Path, processes: Processes, preset: str, changes: dict[str, str]) -> None:
    typed = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
    processes.finish(processes.master(preset, "--quick", "--epochs", "1", "--workers", "1", *typed))
    results = results_of(StudyFolder(root, f"{preset}-quick"))
    assert len(results) in {2, 40}
    assert {result.status for result in results.values()} == {Status.COMPLETE}
