"""What a new child loads before a job is claimed."""

from pathlib import Path
from typing import Any

import pytest

from hyperspool.common import atomic
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.master.studies.published import publish_study
from hyperspool.worker.child_entry import Outlook
from hyperspool.worker.device import Device
from hyperspool.worker.early_child import EarlyChild
from hyperspool.worker.executor import Executor
from hyperspool.worker.looking_ahead import look_ahead
from hyperspool.worker.messages import Finished
from hyperspool.worker.objectives import datasets
from hyperspool.worker.turn import Turn
from tests.conftest import job_of, spec_of
from tests.worker.bench import Bench


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(datasets, "load_ahead", lambda data, *_: found.append(data))
    return found


def publish(root: Path, objective: dict[str, Any], **more: Any) -> StudyFolder:
    network = {"learning_rate": {"type": "float", "low": 0.1, "high": 0.2}}
    spec = spec_of(name=objective["name"], objective=objective, space=network, **more)
    folder = StudyFolder(root, spec.name)
    assert not publish_study(folder, spec)
    atomic.replace(folder.job(Issue(0)), job_of(study=spec.name).to_json(), durable=False)
    return folder


def outlook_on(root: Path, study: str | None = None) -> Outlook:
    return Outlook(root, study, "cpu", 1, {})


@pytest.mark.usefixtures("torch_left_as_it_was")
def test_what_an_open_job_will_need_is_loaded(root: Path, loaded: list[Any]) -> None:
    publish(root, {"name": "own"})
    publish(root, {"name": "mlp"}, data={"name": "digits", "train_size": 100})
    look_ahead(outlook_on(root))
    assert loaded == [("digits", 100)]
    look_ahead(outlook_on(root, "own"))
    assert len(loaded) == 1


@pytest.mark.parametrize("what", ["no job", "other threads", "damaged study", "no folder"])
def test_nothing_is_loaded_where_it_will_not_serve(root: Path, loaded: list[Any], what: str) -> None:
    folder = publish(root, {"name": "cnn", "threads": 2 if what == "other threads" else 1})
    if what == "no job":
        atomic.remove(folder.job(Issue(0)))
    if what == "damaged study":
        folder.spec.write_text("{")
    look_ahead(outlook_on(root / "missing" if what == "no folder" else root))
    assert loaded == []


def test_the_first_trial_runs_in_the_early_child(bench: Bench) -> None:
    cpu = Device("cpu", "")
    early = EarlyChild(Turn(None))
    early.show(bench.folder, None, cpu)
    bench.executor.close()
    bench.executor = Executor(cpu, bench.settings, bench.bell, bench.stop, early)
    first = bench.child_pid
    assert isinstance(bench.evaluate("square"), Finished)
    assert bench.child_pid == first


def test_an_early_child_that_nobody_takes_ends() -> None:
    early = EarlyChild(Turn(None))
    child = early._child
    assert child is not None
    assert child.is_alive()
    early.close()
    assert not child.is_alive()
