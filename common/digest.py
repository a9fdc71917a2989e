"""A digest: what the results of one trial folder say, column by column, for readers of large studies.

It is a cache, which the results can always make again. `hyperspool.master.results.digests` says when it is trusted.
A column has a value for each result, in the order of trial and rung; or one value for all, where they are the same.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import Field

from hyperspool.common.issues import EvaluationKey
from hyperspool.common.names import StudyName
from hyperspool.common.outcome import Outcome
from hyperspool.common.records import (
    MAX_EPOCHS,
    Attribution,
    Budget,
    Count,
    Failure,
    KeptFile,
    ModelFile,
    Moment,
    Record,
    Rung,
    Seed,
    Seeds,
    Stage,
    Status,
    Times,
    TrialNumber,
)
from hyperspool.common.sharing import SharedParts
from hyperspool.common.space import MAX_PARAMETERS, Params

T = TypeVar("T")
Column: TypeAlias = list[T] | T
Epochs = Annotated[int, Field(ge=1, le=MAX_EPOCHS)]
Place = Annotated[int, Field(ge=1, le=1_000_000)]
Seconds = Annotated[float, Field(ge=0, lt=1e15)]
Final = Literal[Status.COMPLETE, Status.PRUNED, Status.FAILED]
FOLDER_PATTERN = r"^[0-9]{5,6}-[0-9]{5,6}$"

_TIMES = ("published_at", "claimed_at", "ended_at", "evaluation_s", "training_s")
_SEEDS = ("initialisation", "shuffling", "dropout")
_STAGE = ("kind", "setting", "replicate", "round", "case", "request")
_OWN = (
    "trial",
    "rung",
    "issue",
    "attempt",
    "status",
    "value",
    "starts_from",
    "epochs",
    "batch",
    "diverged",
    "best_epoch",
    "best_value",
    "resumed_from_epoch",
)


class Digest(Record):
    """The results of a trial folder. The fields behind `attributions` are columns, as in a result and its parts."""

    schema_version: Literal[1] = 1
    study: StudyName
    folder: Annotated[str, Field(pattern=FOLDER_PATTERN)]
    """The trial folder's name."""
    modified_ns: int
    """When names in the trial folder last changed, by the file server's clock, in nanoseconds since 1970."""
    attributions: list[Attribution]
    """Where the results come from, each once."""
    attribution: Column[Count]
    """Whose of `attributions` a result has, from 0."""
    landed_s: list[float]
    """When each result appeared, by the file server's clock, in seconds since 1970."""
    trial: list[TrialNumber]
    rung: Column[Rung]
    issue: Column[Place]
    attempt: Column[Place]
    status: Column[Final]
    value: Column[float | None] = None
    params: Annotated[dict[Annotated[str, Field(max_length=64)], Any], Field(max_length=MAX_PARAMETERS)]
    """A column for each parameter, null where it is not active. The study's space says what may stand in it."""
    budget: Column[Epochs]
    horizon: Column[Epochs | None] = None
    starts_from: Column[TrialNumber | None] = None
    initialisation: Column[Seed]
    shuffling: Column[Seed]
    dropout: Column[Seed]
    epochs: Column[Count]
    kind: Column[Literal["search", "confirmation"] | None] = None
    """With the five that follow: what the trial is for; null if its result does not say."""
    setting: Column[Count | None] = None
    replicate: Column[Count | None] = None
    round: Column[Annotated[int, Field(ge=1, lt=2**31)] | None] = None
    case: Column[Count | None] = None
    request: Column[Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,60}$")] | None] = None
    batch: Column[Count | None] = None
    diverged: Column[bool]
    best_epoch: Column[Annotated[int, Field(ge=1, lt=2**31)] | None] = None
    best_value: Column[float | None] = None
    metrics: list[Annotated[dict[str, float], Field(max_length=100)] | None] | None = None
    model: list[ModelFile | None] | None = None
    files: list[tuple[KeptFile, ...] | None] | None = None
    resumed_from_epoch: Column[Count]
    failure: list[Failure | None] | None = None
    published_at: Column[Moment]
    claimed_at: Column[Moment]
    ended_at: Column[Moment]
    evaluation_s: Column[Seconds]
    training_s: Column[Seconds]

    def keys(self) -> list[EvaluationKey]:
        """The evaluations, in their order."""
        return list(zip(self.trial, self._spread(self.rung), strict=True))

    def outcomes(self, shared: SharedParts) -> list[Outcome]:
        """The results.

        Args:
            shared: the parts that they share with others.

        Raises:
            ValueError: the columns do not fit together.
        """
        budgets = {epochs: shared.budget(Budget(epochs=epochs)) for epochs in self._all_epochs()}
        who = [shared.attribution(each) for each in self.attributions]
        parts: dict[str, Iterable[Any]] = {
            "params": self._params(),
            "budget": map(budgets.__getitem__, self._spread(self.budget)),
            "horizon": (epochs and budgets[epochs] for epochs in self._spread(self.horizon)),
            "seeds": map(Seeds, *(self._spread(getattr(self, name)) for name in _SEEDS)),
            "stage": self._stages(),
            "attribution": (who[place] for place in self._spread(self.attribution)),
            "times": map(Times, *(self._spread(getattr(self, name)) for name in _TIMES)),
        }
        columns = (parts[name] if name in parts else self._spread(getattr(self, name)) for name in Outcome._fields)
        try:
            found = list(map(Outcome._make, zip(*columns, strict=True)))
        except IndexError:
            raise ValueError("attribution: beyond the list of attributions") from None
        if any((each.value is None) != (each.status is Status.FAILED) for each in found):
            raise ValueError("value: a result has one unless it is FAILED")
        if any((each.failure is None) != (each.value is not None) for each in found):
            raise ValueError("failure: a result has one if it is FAILED, and only then")
        return found

    def _all_epochs(self) -> set[int]:
        columns = (self.budget, self.horizon)
        each = (column if isinstance(column, list) else [column] for column in columns)
        return {epochs for values in each for epochs in values if epochs is not None}

    def _spread(self, column: Column[T]) -> Iterable[T]:
        if not isinstance(column, list):
            return repeat(column, len(self.trial))
        if len(column) != len(self.trial):
            raise ValueError(f"found columns of {len(column)} and of {len(self.trial)} results")
        return column

    def _params(self) -> Iterator[Params]:
        names, columns = tuple(self.params), [self._spread(column) for column in self.params.values()]
        if not columns:
            return repeat({}, len(self.trial))
        if not any(column is None or (isinstance(column, list) and None in column) for column in self.params.values()):
            return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))
        rows = (zip(names, row, strict=True) for row in zip(*columns, strict=True))
        return ({name: value for name, value in row if value is not None} for row in rows)

    def _stages(self) -> Iterable[Stage | None]:
        columns = [self._spread(getattr(self, name)) for name in _STAGE]
        if self.kind is not None and not isinstance(self.kind, list):
            return map(Stage, *columns)
        return (None if row[0] is None else Stage(*row) for row in zip(*columns, strict=True))


def digest_text(study: str, folder: str, modified_ns: int, results: Sequence[Outcome], landed_s: list[float]) -> bytes:
    """Return the text of a digest: JSON with a line for each column.

    Args:
        study: the study's name.
        folder: the trial folder's name.
        modified_ns: as in `Digest`.
        results: in the order of trial and rung.
        landed_s: as in `Digest`.
    """
    attributions = {id(each.attribution): each.attribution for each in results}
    places = {key: place for place, key in enumerate(attributions)}
    columns: dict[str, Any] = {
        "schema_version": 1,
        "study": study,
        "folder": folder,
        "modified_ns": modified_ns,
        "attributions": [each.model_dump(mode="json", exclude_none=True) for each in attributions.values()],
        "attribution": _column([places[id(each.attribution)] for each in results]),
        "landed_s": landed_s,
        "params": _params_columns([each.params for each in results]),
        "budget": _column([each.budget.epochs for each in results]),
        "horizon": _column([each.horizon.epochs if each.horizon else None for each in results]),
        **{name: _column([getattr(each, name) for each in results]) for name in _OWN if name != "trial"},
        "trial": [each.trial for each in results],
        **{name: _column([getattr(each.seeds, name) for each in results]) for name in _SEEDS},
        **{name: _column([getattr(each.stage, name) if each.stage else None for each in results]) for name in _STAGE},
        **{name: _column([getattr(each.times, name) for each in results]) for name in _TIMES},
        **{name: _records([getattr(each, name) for each in results]) for name in ("model", "failure")},
        "metrics": _listed([each.metrics for each in results]),
        "files": _listed([each.files and [one.model_dump(mode="json") for one in each.files] for each in results]),
    }
    lines = (f'  "{name}": {_text(columns[name])}' for name in Digest.model_fields if columns[name] is not None)
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _column(values: list[Any]) -> Any:
    first = values[0]
    return first if all(type(value) is type(first) and value == first for value in values) else values


def _listed(values: list[Any]) -> list[Any] | None:
    return None if all(value is None for value in values) else values


def _records(values: Iterable[Record | None]) -> list[Any] | None:
    return _listed([value and value.model_dump(mode="json", exclude_none=True) for value in values])


def _params_columns(rows: Sequence[Params]) -> dict[str, Any]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: _column([row.get(name) for row in rows]) for name in names}


def _text(value: Any) -> str:
    if not isinstance(value, dict):
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    return "{\n" + ",\n".join(f"    {json.dumps(name)}: {_text(column)}" for name, column in value.items()) + "\n  }"
