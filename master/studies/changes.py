"""The changes that the command line makes to a study."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hyperspool.common.errors import UsageError
from hyperspool.common.typed import NOTHING, typed_value

SPACE = "space."
"""How the keys of parameters begin."""


@dataclass(frozen=True)
class Changes:
    """The changes that the command line makes to a study.

    Attributes:
        values: dotted key to value, in the order given.
        sources: dotted key to the option that set it, for messages.
        arguments: the options as typed, for a message that repeats the command.
        is_quick: apply the study's table `quick` first, and name the study `NAME-quick`.
        texts: the keys whose values are texts because they could be nothing else.
    """

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    is_quick: bool = False
    texts: tuple[str, ...] = ()

    @classmethod
    def parse(
        cls, shortcuts: Mapping[str, tuple[str, Any]], assignments: Sequence[str], *, is_quick: bool = False
    ) -> "Changes":
        """Collect the options that were given.

        Args:
            shortcuts: option to (dotted key, value); None means that the option was not given.
            assignments: the `--set key=value` options.
            is_quick: the option `--quick`.

        Raises:
            UsageError: an assignment is not of the form key=value.
        """
        given = {option: pair for option, pair in shortcuts.items() if pair[1] is not None}
        values = dict(given.values())
        sources = {key: option for option, (key, _) in given.items()}
        texts: list[str] = []
        arguments = ["--quick"] if is_quick else []
        arguments += [part for option, (_, value) in given.items() for part in (option, str(value))]
        for assignment in assignments:
            key, equals, text = assignment.partition("=")
            key = key.strip()
            if not equals or not all(key.split(".")):
                raise UsageError(f"--set {assignment}: expected KEY=VALUE, e.g. --set limits.time_limit_s=60")
            values[key], is_plain = _value(key, text.strip())
            if is_plain:
                texts.append(key)
            sources[key] = f"--set {key}"
            arguments += ["--set", assignment]
        return cls(values, sources, tuple(arguments), is_quick, tuple(texts))

    def apply(self, table: dict[str, Any]) -> dict[str, Any]:
        """Return a changed copy of a study's table, without its table `quick`, which `StudySpec` does not know.

        Raises:
            UsageError: a key leads through a value that is not a table, or `--quick` finds no table `quick`.
        """
        changed: dict[str, Any] = json.loads(json.dumps(table, default=str))
        changed = self._quickened(changed, changed.pop("quick", None))
        for key, value in self.values.items():
            *path, last = key.split(".")
            place = changed
            for part in path:
                inner = place.setdefault(part, {})
                if not isinstance(inner, dict):
                    raise UsageError(f"{self.sources[key]}: {part} is {inner!r}, which is not a table and has no keys")
                place = inner
            place[last] = value
        return changed

    def _quickened(self, table: dict[str, Any], quick: Any) -> dict[str, Any]:
        if not self.is_quick:
            return table
        if not isinstance(quick, dict):
            raise UsageError(
                "--quick: the study has no table [quick], which lists the changes of a quick run; "
                "leave --quick out, or use --epochs and --trials"
            )
        # A name of its own, because a quick run must not take the place of the full study. If the user chooses the
        # name, the title still shows that it is the quick form.
        own = {"name": f"{table.get('name', 'study')}-quick", "title": f"{table.get('title', '')} (quick form)".strip()}
        return merged(table, own | quick)

    def source_of(self, problem: str) -> str | None:
        """The option that caused a problem: the one that set the problem's key, or a table around that key."""
        problem_key = problem.split(":", maxsplit=1)[0]
        inside = [key for key in self.sources if f"{problem_key}.".startswith(f"{key}.")]
        return self.sources[max(inside, key=len)] if inside else None


def _value(key: str, text: str) -> tuple[Any, bool]:
    """The value that a text gives a key, and whether it is a text because it could be nothing else."""
    is_parameter = key.startswith(SPACE)
    if text.lower() in NOTHING and not is_parameter:
        return None, False  # as if the key were left out; a parameter, though, may have the value "none"
    value = typed_value(text)
    return value, value == text


def merged(table: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two tables: tables within them are merged too, other values are replaced."""
    joined = dict(table)
    for key, value in changes.items():
        old = joined.get(key)
        joined[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
    return joined
