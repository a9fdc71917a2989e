"""Checks whether a table describes a valid study, and whether its trials can be trained."""

import json
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from hyperspool.common.contradictions import study_contradictions
from hyperspool.common.errors import StudyError
from hyperspool.common.objectives import space_problems
from hyperspool.common.space import Space
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.validation import explain
from hyperspool.master.studies.changes import Changes


def validated(
    table: dict[str, Any], source: str, changes: Changes | None = None, problems: tuple[str, ...] = ()
) -> StudySpec:
    """Return the study that a table describes.

    Args:
        table: as read from TOML or JSON.
        source: the file or option that it came from, for the message.
        changes: the command line's changes, so that the message can name the option at fault.
        problems: what is wrong already; the message names it first.

    Raises:
        StudyError: the study is not valid.
    """
    try:
        # Through JSON, so that a TOML list fills a tuple and both formats follow the same rules.
        spec = StudySpec.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        options = changes or Changes()
        found = explain(error, StudySpec)
        further = (line for line in _unsuited(table) if not any(line in other for other in found))
        marked = (
            f"{line} (from {option})" if (option := options.source_of(line)) else line for line in (*found, *further)
        )
        raise StudyError(source, (*problems, *marked)) from error
    if problems:
        raise StudyError(source, problems)
    return spec


def _unsuited(table: dict[str, Any]) -> tuple[str, ...]:
    """The parameters that the objective cannot have. In a study that is invalid otherwise nobody has looked at them."""
    objective, space = table.get("objective"), table.get("space")
    name = objective.get("name") if isinstance(objective, dict) else None
    if not isinstance(name, str) or not isinstance(space, dict):
        return ()
    lines: list[str] = []
    for key, parameter in space.items():
        with suppress(ValidationError):  # `explain` has said what is wrong with it
            lines += space_problems(name, Space.model_validate_json(json.dumps({key: parameter}, default=str)))
    return tuple(lines)


def need_trainable(spec: StudySpec, source: str) -> None:
    """Refuse a study in which every trial would fail because its params contradict each other.

    Raises:
        StudyError: every trial would fail.
    """
    if reasons := study_contradictions(spec):
        raise StudyError(source, ("every trial would fail, because its settings contradict each other:", *reasons))
