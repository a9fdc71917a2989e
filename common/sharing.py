"""Lets many records share what is equal in them, so that a hundred thousand fit into the memory of one process.

A record that was just read has parts of its own, though most of them equal those of the record before: the worker's
host and versions, the budget, the time of publication. And pydantic notes for each record and each of its parts which
fields were given, which takes as much memory as the fields. Nothing asks for that of a record that was read.
"""

from hyperspool.common.records import Attribution, Budget, Record, Result
from hyperspool.common.space import Params

_GIVEN: dict[type[Record], set[str]] = {}


class Shared:
    """The parts of records that others may share. Records are frozen, so nobody notices."""

    def __init__(self) -> None:
        self._attributions: dict[tuple[object, ...], Attribution] = {}
        self._budgets: dict[int, Budget] = {}
        self._published_at = ""

    def result(self, result: Result) -> Result:
        """Let a result share its parts with earlier ones; return the same result."""
        parts, times = result.__dict__, result.times.__dict__
        thinned(result, result.times)
        parts["attribution"] = self._attribution(result.attribution)
        parts["budget"] = self.budget(result.budget)
        if times["published_at"] == self._published_at:
            times["published_at"] = self._published_at
        self._published_at = times["published_at"]
        return result

    def budget(self, budget: Budget) -> Budget:
        """The first budget that equals this one."""
        return self._budgets.setdefault(budget.epochs, budget)

    def _attribution(self, own: Attribution) -> Attribution:
        key = (own.worker, own.host, own.pid, own.device, own.threads, own.code, *own.versions.items())
        return self._attributions.setdefault(key, own)


def thinned(*records: Record | None) -> None:
    """Let records share their note of which fields were given, as if all were."""
    for record in records:
        if record is not None:
            kind = type(record)
            if kind not in _GIVEN:
                _GIVEN[kind] = set(kind.model_fields)
            object.__setattr__(record, "__pydantic_fields_set__", _GIVEN[kind])


def share(result: Result, params: Params, **parts: Record) -> None:
    """Let a result share its params and other parts with its proposal, where they are equal."""
    own = result.__dict__
    if own["params"] == params and list(map(type, own["params"].values())) == list(map(type, params.values())):
        own["params"] = params
    for name, part in parts.items():
        found = own[name]
        if found is not None and found.__dict__ == part.__dict__:
            own[name] = part
        else:
            thinned(found)
