"""Writes a draft as TOML for a person: commented, aligned, in the order in which it is read."""

import json
import re
from collections.abc import Iterator, Sequence

from hyperspool.common.names import is_study_name
from hyperspool.common.printable import printable_line
from hyperspool.common.space import Categorical, Fixed
from hyperspool.common.validation import cut
from hyperspool.common.values import Scalar
from hyperspool.master.init.draft import Draft, Parameter

METRICS = r"(?P<name>\w+)(?:[=:] *|(?<=epoch) +)(?P<value>[-+0-9.eE]+)"
"""Finds the metrics in lines such as `epoch 3 val_accuracy=0.93` and `loss: 0.2`, and the number of the epoch."""
_MAX_COMMENT = 64
_WIDE = 76
"""Characters of a table beyond which a comment beside it would leave the screen: it stands above then."""


def study_text(draft: Draft, command: str) -> str:
    """The text of a study's file.

    Args:
        draft: the study.
        command: the command that runs it.
    """
    return "\n".join([*_head(draft, command), "", *_objective(draft), "", *_budget(draft), *_space(draft), ""])


def _head(draft: Draft, command: str) -> Iterator[str]:
    yield f"# A study of {_comment(draft.origin)}, drafted by init: look at it before it runs."
    yield f"#   {_comment(command, limit=1000)}"
    if draft.remarks:
        yield "#"
        yield from (f"# - {_comment(remark, limit=1000)}" for remark in draft.remarks)
    yield ""
    yield f"name = {toml(draft.name)}"
    if draft.trials:
        yield _with(f"trials = {draft.trials}", draft.trials_comment)
    if draft.sampler:
        yield f'sampler.name = "{draft.sampler}"'


def _objective(draft: Draft) -> Iterator[str]:
    yield "[objective]"
    yield f"name = {toml(objective_name(draft.name))}"
    yield "command = ["
    yield from (f"  {', '.join(map(toml, row.words))}," for row in draft.command)
    yield "]"
    yield _with(f"measure = {toml(draft.measure)}", draft.measure_comment)
    yield f"direction = {toml(draft.direction)}"
    if draft.has_pattern:
        yield f"metrics = '{METRICS}' # finds the metrics in what is printed"
    else:
        yield "# Metrics are read from lines of JSON; a pattern finds name=value and name: value as well:"
        yield f"# metrics = '{METRICS}'"


def _budget(draft: Draft) -> Iterator[str]:
    if draft.epochs is not None:
        yield "[budget]"
        yield _with(f"epochs = {draft.epochs}", draft.epochs_comment)
        yield ""


def _space(draft: Draft) -> Iterator[str]:
    yield "[space]"
    width = max((len(entry.name) for entry in draft.space), default=0)
    tables = [f"{entry.name:<{width}} = {_parameter(entry.parameter)}" for entry in draft.space]
    column = max((len(table) for table in tables if len(table) <= _WIDE), default=0)
    for table, entry in zip(tables, draft.space, strict=True):
        if entry.comment and len(table) > _WIDE:
            yield f"# {_comment(entry.comment)}"
            yield table
        else:
            yield _with(f"{table:<{column}}", entry.comment).rstrip()
    if draft.left_out:
        yield ""
        yield "# Left out:"
        yield from (f"#   {_comment(what)}: {_comment(why, limit=200)}" for what, why in draft.left_out)


def study_name(stem: str) -> str:
    """A study's name made from a file's: letters, digits, `.`, `_` and `-`, at most 64."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).lstrip("._-")[:64]
    return name if is_study_name(name) else "study"


def objective_name(study: str) -> str:
    """A name for the objective: a letter, then letters, digits, `_` and `-`, and none that is built in."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", study).lstrip("0123456789_-")[:48] or "command"
    return f"{name}-command" if name in {"cnn", "mlp"} else name


def _parameter(parameter: Parameter) -> str:
    """A parameter in its shortest form."""
    given = parameter.model_dump(exclude_defaults=True)
    if set(given) == {"type", "choices"} and isinstance(parameter, Categorical):
        return toml(parameter.choices)
    if set(given) == {"type", "value"} and isinstance(parameter, Fixed):
        return toml(parameter.value)
    return f"{{ {', '.join(f'{key} = {toml(value)}' for key, value in given.items())} }}"


def toml(value: Scalar | Sequence[Scalar]) -> str:
    """A value as TOML has it."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            # JSON's texts are TOML's, but for one control character that JSON takes as it is.
            clean = value.encode("utf-8", "replace").decode("utf-8")
            return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")
        case int() | float():
            return re.sub(r"e([-+])0+", r"e\1", repr(value))
        case _:
            return f"[{', '.join(map(toml, value))}]"


def _with(line: str, comment: str) -> str:
    return f"{line} # {_comment(comment)}" if comment else line


def _comment(text: str, limit: int = _MAX_COMMENT) -> str:
    return cut(printable_line(re.sub(r"\s+", " ", text).strip()), limit)
