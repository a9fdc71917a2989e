"""Studies as TensorBoard's event files: curves as scalars, and params with what was measured in its HParams tab.

Each trial is a run, `00017`, or `demo/00017` among several studies. Trials of equal params are one session group, over
which the tab averages. A PRUNED trial has no state of its own there: it is a success with the params' `status`. Numbers
are single precision, as everywhere in TensorBoard.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo
from tensorboard.plugins.text.metadata import create_summary_metadata as text_metadata
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_tensor_proto

from hyperspool.common.records import Status
from hyperspool.common.space import Scalar
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.exports.plain_trials import PlainTrial, goals_of, plain_trials

STATES = {
    Status.COMPLETE: api_pb2.STATUS_SUCCESS,
    Status.PRUNED: api_pb2.STATUS_SUCCESS,
    Status.FAILED: api_pb2.STATUS_FAILURE,
    Status.RUNNING: api_pb2.STATUS_RUNNING,
    Status.PENDING: api_pb2.STATUS_UNKNOWN,
}
STATUS = "status"
FILE = "events.out.tfevents.{begin}.hyperspool"
"""The name by which TensorBoard finds a file of events."""
UNKNOWN_S = 0.0
"""The time of what no worker has begun."""


def write(studies: Sequence[StudyData], made: Path, _out: Path) -> None:
    """Write the studies' event files into an empty folder."""
    for data in studies:
        place = made / data.spec.name if len(studies) > 1 else made
        trials = list(plain_trials(data))
        if len(studies) == 1:  # TensorBoard reads one experiment; of several studies it gathers the params itself
            _write_file(place, [_experiment(data.spec, trials)], min(map(_begin_s, trials), default=UNKNOWN_S))
        for trial in trials:
            _write_file(place / f"{trial.number:05}", _events(data.spec, trial), _begin_s(trial))


def _write_file(folder: Path, events: Iterable[Event], begin_s: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE.format(begin=int(begin_s))).open("wb") as file:
        writer = RecordWriter(file)
        for event in (Event(wall_time=begin_s, file_version="brain.Event:2"), *events):
            writer.write(event.SerializeToString())


def _begin_s(trial: PlainTrial) -> float:
    return trial.began.timestamp() if trial.began else UNKNOWN_S


def _events(spec: StudySpec, trial: PlainTrial) -> Iterator[Event]:
    begin_s, last = _begin_s(trial), 0
    end_s = trial.ended.timestamp() if trial.ended else begin_s
    start = SessionStartInfo(group_name=f"{spec.name} setting {trial.setting}", start_time_secs=begin_s)
    for name, value in {**trial.params, STATUS: trial.status.value}.items():
        _set(start.hparams[name], value)
    yield _hparams(begin_s, metadata.SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=start))
    for epoch, elapsed_s, reported in trial.epochs():
        last = epoch
        for name, value in reported.items():
            yield _scalar(begin_s + elapsed_s, epoch, name, value)
    for name, value in trial.numbers.items():
        yield _scalar(end_s, last, name, value)
    if trial.failure:
        yield _text(end_s, last, "failure", trial.failure)
    end = SessionEndInfo(status=STATES[trial.status], end_time_secs=end_s)
    yield _hparams(end_s, metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=end))


def _experiment(spec: StudySpec, trials: Sequence[PlainTrial]) -> Event:
    """What the tab lists: every param with its type, and every number that was measured."""
    types = {bool: api_pb2.DATA_TYPE_BOOL, str: api_pb2.DATA_TYPE_STRING}
    values: dict[str, list[Scalar]] = {}
    for trial in trials:
        for name, value in {**trial.params, STATUS: trial.status.value}.items():
            values.setdefault(name, []).append(value)
    kinds = {name: {types.get(type(value), api_pb2.DATA_TYPE_FLOAT64) for value in own} for name, own in values.items()}
    objectives = [f"objective/{goal.measure}" for goal in goals_of(spec)]
    measured = dict.fromkeys([*objectives, *(name for trial in trials for name in trial.numbers)])
    experiment = api_pb2.Experiment(
        name=spec.name,
        description=spec.title,
        # Choices of several types are shown as what they are only where no type is promised.
        hparam_infos=[
            api_pb2.HParamInfo(name=name, type=kind.pop() if len(kind) == 1 else api_pb2.DATA_TYPE_UNSET)
            for name, kind in kinds.items()
        ],
        metric_infos=[api_pb2.MetricInfo(name=api_pb2.MetricName(tag=name)) for name in measured],
    )
    return _hparams(UNKNOWN_S, metadata.EXPERIMENT_TAG, HParamsPluginData(experiment=experiment))


def _set(target: object, value: Scalar) -> None:
    kind = "bool_value" if isinstance(value, bool) else "string_value" if isinstance(value, str) else "number_value"
    setattr(target, kind, value)


def _hparams(at_s: float, tag: str, content: HParamsPluginData) -> Event:
    value = Summary.Value(tag=tag, metadata=metadata.create_summary_metadata(content), tensor=metadata.NULL_TENSOR)
    return Event(wall_time=at_s, summary=Summary(value=[value]))


def _scalar(at_s: float, step: int, tag: str, number: float) -> Event:
    return Event(wall_time=at_s, step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=number)]))


def _text(at_s: float, step: int, tag: str, text: str) -> Event:
    tensor = make_tensor_proto([text.encode()], shape=(1,))
    value = Summary.Value(tag=tag, metadata=text_metadata(display_name=tag, description=""), tensor=tensor)
    return Event(wall_time=at_s, step=step, summary=Summary(value=[value]))
