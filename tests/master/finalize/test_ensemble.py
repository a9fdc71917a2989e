"""The final evaluation of a winning ensemble, and of schedules whose cycles are measured in updates."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from hyperspool.common.final import final_folder
from hyperspool.common.layout import StudyFolder
from hyperspool.common.space import Params
from hyperspool.master.finalize.answer import read_answer
from hyperspool.master.finalize.choice import final_spec
from hyperspool.master.finalize.cycles import cycles_remark
from hyperspool.worker.training.data import load_test_part
from tests.conftest import spec_of
from tests.processes import Processes

STUDY = """
trials = 2
batch = 2
objective.name = "mlp"
budget.epochs = 3
data = { name = "digits", train_size = 200 }
space.learning_rate = { type = "float", low = 0.1, high = 0.3 }
space.hidden_units = 20
space.schedule = "triangular"
space.step_size = 3
space.snapshots = true
"""


def test_winning_ensemble_is_measured_kept_and_described(
    root: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = root / "small.toml"
    study.write_text(STUDY)
    processes.finish(processes.master(study, "--workers", "1"))
    printed = processes.finish(processes.start("master", "finalize", "small", "--root", str(root)))
    folder = StudyFolder(root, "small")
    answer = read_answer(folder)
    assert answer
    assert answer.networks == 3  # 18 updates, six a cycle
    assert "Test error of an ensemble of 3 networks" in printed
    assert "step_size stays 3 updates" in printed

    # The loading code on the card reproduces the answer.
    card = (final_folder(folder) / "model-card.md").read_text()
    assert "The model is an ensemble of 3 networks" in card
    assert "step_size stays 3 updates" in card
    program = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert program
    monkeypatch.chdir(final_folder(folder))
    names: dict[str, Any] = {}
    exec(program[1], names)  # noqa: S102 - the card's own code, as a reader would run it
    test = load_test_part("digits", Path())
    wrong = int((names["classes"](test.images) != test.labels).sum())
    assert wrong == answer.test_errors
    assert json.loads((final_folder(folder) / "params.json").read_text()) == answer.params
    assert isinstance(torch.load("model.pt", weights_only=True), list)


def remark(params: Params, epochs: int = 60, train_size: int | None = None) -> str | None:
    data = {"name": "digits"} | ({"train_size": train_size} if train_size else {})
    space = {"learning_rate": 0.1, "batch_size": 10}
    spec = spec_of(objective={"name": "mlp"}, space=space, budget={"epochs": epochs}, data=data, trials=1)
    return cycles_remark(final_spec(spec, {"learning_rate": 0.1, "batch_size": 10, **params}))


def test_card_says_that_step_size_does_not_stretch() -> None:
    warning = remark({"schedule": "triangular", "step_size": 980})
    assert warning is not None
    assert "6000 updates in the search held 3.06 cycles, 8400 updates now hold 4.29" in warning
    small = remark({"schedule": "cyclical_momentum", "step_size": 100}, epochs=10, train_size=200)
    assert small is not None
    assert "200 updates in the search held 1 cycles, 600 updates now hold 3" in small


@pytest.mark.parametrize(
    "params",
    [{}, {"schedule": "triangular"}, {"schedule": "triangular", "cycles": 3}, {"schedule": "cosine", "step_size": 5}],
)
def test_schedules_that_stretch_are_passed_over(params: Params) -> None:
    assert remark(params) is None
