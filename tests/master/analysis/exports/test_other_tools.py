"""Exports to TensorBoard, MLflow and Weights & Biases, each read back by that tool's own reader.

Each is an extra; without it, its tests are skipped.
"""

import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.environment import environment
from hyperspool.common.errors import UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.data.so_far import study_so_far
from hyperspool.master.analysis.exports import extras
from hyperspool.master.analysis.exports.export import MARK, export
from hyperspool.master.analysis.exports.to_mlflow import VARIABLES
from hyperspool.master.studies.published import read_published
from tests.master.analysis.varied import CURVES, PARAMS, SEVERAL, STATES, write_varied

# Each tool has deprecations of its own, and of its libraries.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
MINUS_FEW = 1e-6


@pytest.fixture(scope="module")
def varied(tmp_path_factory: pytest.TempPathFactory) -> StudyData:
    return read(write_varied(tmp_path_factory.mktemp("varied")))


def read(folder: StudyFolder) -> StudyData:
    return study_so_far(folder, read_published(folder))


@pytest.fixture(scope="module")
def tensorboard(varied: StudyData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    return export(varied, "tensorboard", tmp_path_factory.mktemp("tensorboard") / "demo")[0]


def events_of(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder)).Reload()


def test_tensorboard_has_the_curves(tensorboard: Path) -> None:
    found = [
        [event.value for event in events_of(tensorboard / f"{trial:05}").Scalars("accuracy")] for trial in range(4)
    ]
    assert found == [pytest.approx(curve, abs=MINUS_FEW) for curve in CURVES]
    events = events_of(tensorboard / "00000").Scalars("accuracy")
    assert [event.step for event in events] == [1, 2, 3]
    assert events[1].wall_time - events[0].wall_time == pytest.approx(0.5, abs=0.001)


def test_tensorboards_own_tab_has_params_numbers_and_states(tensorboard: Path) -> None:
    """The HParams tab's own code answers, from the files."""
    groups = session_groups(tensorboard)
    assert [group.name for group in groups] == [f"demo setting {setting}" for setting in range(5)]
    found = [{name: value_of(cell) for name, cell in group.hparams.items()} for group in groups]
    states = [group.sessions[0].status for group in groups]
    assert [each.pop("status") for each in found] == STATES
    assert found == PARAMS
    assert states == [1, 1, 2, 3, 0]
    measured = {value.name.tag: value.value for value in groups[0].metric_values}
    assert measured == {"objective/accuracy": 0.125, "measured/size_mb": 2.5}


def session_groups(folder: Path) -> list[Any]:
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

    multiplexer = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(folder))
    context = backend_context.Context(TBContext(data_provider=provider))
    request = api_pb2.ListSessionGroupsRequest(allowed_statuses=[0, 1, 2, 3], slice_size=100)
    answer = list_session_groups.Handler(RequestContext(), context, "0", request).run()
    return sorted(answer.session_groups, key=lambda group: str(group.name))


def value_of(cell: Any) -> Any:
    return getattr(cell, cell.WhichOneof("kind"))


def test_tensorboard_says_why_a_trial_failed(tensorboard: Path) -> None:
    [event] = events_of(tensorboard / "00002").Tensors("failure")
    assert event.tensor_proto.string_val == [b"exception: ValueError: <b>boom</b>"]


@pytest.fixture(scope="module")
def mlflow(varied: StudyData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    return export(varied, "mlflow", tmp_path_factory.mktemp("mlflow") / "demo")[0]


def runs_of(folder: Path) -> tuple[Any, list[Any]]:
    from mlflow import MlflowClient

    with environment(VARIABLES):
        client = MlflowClient(tracking_uri=folder.as_uri())
        experiment = client.get_experiment_by_name("demo")
        assert experiment is not None
        runs = client.search_runs([experiment.experiment_id])
    return client, sorted(runs, key=lambda run: int(run.data.tags["trial"]))


def test_mlflow_has_runs_with_params_and_states(mlflow: Path) -> None:
    _, runs = runs_of(mlflow)
    assert [run.info.status for run in runs] == ["FINISHED", "KILLED", "FAILED", "RUNNING", "SCHEDULED"]
    assert [run.data.tags["status"] for run in runs] == STATES
    assert [set(run.data.params) for run in runs] == [set(params) for params in PARAMS]
    assert runs[1].data.params["mixed"] == "true"
    assert float(runs[0].data.params["rate"]) == 0.1 + 0.2
    assert runs[2].data.tags["failure"] == "exception: ValueError: <b>boom</b>"
    assert (runs[0].info.start_time, runs[0].info.end_time) == (1_769_860_810_250, 1_769_860_820_000)


def test_mlflow_has_the_curves_and_what_was_measured(mlflow: Path) -> None:
    client, runs = runs_of(mlflow)
    for run, curve in zip(runs, CURVES, strict=False):
        history = client.get_metric_history(run.info.run_id, "accuracy")
        assert [(each.step, each.value) for each in history] == list(enumerate(curve, start=1))
    assert runs[0].data.metrics["objective/accuracy"] == 0.125
    assert runs[0].data.metrics["measured/size_mb"] == 2.5
    assert str(mlflow) in runs[0].info.artifact_uri


def test_mlflow_has_several_objectives_and_violations(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    _, runs = runs_of(export(read(write_varied(root, **SEVERAL)), "mlflow", tmp_path / "several")[0])
    metrics = runs[1].data.metrics
    found = metrics["objective/accuracy"], metrics["objective/size_mb"], metrics["violation/0"]
    assert found == (0.75, 5.0, 1.0)


@pytest.fixture(scope="module")
def wandb(varied: StudyData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("wandb", reason="the extra wandb is not installed")
    return export(varied, "wandb", tmp_path_factory.mktemp("wandb") / "demo")[0]


def records_of(path: Path) -> Iterator[Any]:
    """Yield the records of a run's file: parts in blocks of 32 KiB, each with a checksum, a length and a kind."""
    from wandb.proto import wandb_internal_pb2

    record: Any = wandb_internal_pb2
    content, at, parts = path.read_bytes(), 7, b""
    while at + 7 <= len(content):
        if (left := 32768 - at % 32768) < 7:
            at += left
            continue
        _, length, kind = struct.unpack_from("<IHB", content, at)
        parts, at = parts + content[at + 7 : at + 7 + length], at + 7 + length
        if kind in {1, 4}:  # whole, or the last part
            yield record.Record.FromString(parts)
            parts = b""


def run_of(folder: Path, trial: int) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any], int]:
    """Return a run's config, history, summary and exit code."""
    config: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    history: list[dict[str, Any]] = []
    code = 0
    [path] = (folder / "wandb").glob(f"*-demo-{trial:05}/*.wandb")
    for record in records_of(path):
        config |= {item.key: json.loads(item.value_json) for item in record.run.config.update}
        summary |= {item.key: json.loads(item.value_json) for item in record.summary.update if item.key}
        if record.WhichOneof("record_type") == "history":
            history.append(
                {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
            )
        code = record.exit.exit_code or code
    return config, history, summary, code


def test_wandb_has_runs_with_params_curves_and_states(wandb: Path) -> None:
    runs = [run_of(wandb, trial) for trial in range(5)]
    assert [
        {name: config[name] for name in params} for (config, *_), params in zip(runs, PARAMS, strict=True)
    ] == PARAMS
    assert [[row["accuracy"] for row in history] for _, history, *_ in runs[:4]] == [list(curve) for curve in CURVES]
    assert [summary["status"] for _, _, summary, _ in runs] == STATES
    assert [code for *_, code in runs] == [0, 0, 1, 0, 0]
    assert runs[0][1][0]["_timestamp"] == 1_769_860_810.75
    assert runs[0][2]["objective/accuracy"] == 0.125
    assert runs[2][2]["failure"] == "exception: ValueError: <b>boom</b>"


def test_wandbs_own_command_takes_the_runs(wandb: Path) -> None:
    runs = sorted(map(str, (wandb / "wandb").glob("offline-run-*")))
    command = [sys.executable, "-m", "wandb", "sync", "--dry-run", *runs]
    printed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Would sync 5 run(s)" in printed.stdout + printed.stderr


def test_a_missing_extra_is_one_line(varied: StudyData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"^--format wandb: wandb is not installed here; pip install 'hyper.*$"):
        export(varied, "wandb", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_export_is_left_alone(tensorboard: Path, varied: StudyData, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(UsageError, match="there is something else of that name"):
        export(varied, "tensorboard", tmp_path / "mine")
    (tensorboard / "00000" / "old").touch()
    assert export(varied, "tensorboard", tensorboard) == [tensorboard]
    assert (tensorboard / MARK).exists()
    assert not (tensorboard / "00000" / "old").exists()
    assert sorted(path.name for path in tensorboard.parent.iterdir()) == ["demo"]
