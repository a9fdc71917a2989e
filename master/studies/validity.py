"""Checks whether a table describes a valid study, and whether its trials can be trained."""

import json
from typing import Any

from pydantic import ValidationError

from hyperspool.common.contradictions import study_contradictions
from hyperspool.common.errors import StudyError
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.validation import explain
from hyperspool.master.studies.changes import Changes


def validated(table: dict[str, Any], source: str, changes: Changes | None = None) -> StudySpec:
    """Return the study that a table describes.

    Args:
        table: as read from TOML or JSON.
        source: the file or option that it came from, for the message.
        changes: the command line's changes, so that the message can name the option at fault.

    Raises:
        StudyError: the study is not valid.
    """
    try:
        # Through JSON, so that a TOML list fills a tuple and both formats follow the same rules.
        return StudySpec.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        options = changes or Changes()
        marked = (
            f"{line} (from {option})" if (option := options.source_of(line)) else line
            for line in explain(error, StudySpec)
        )
        raise StudyError(source, tuple(marked)) from error


def need_trainable(spec: StudySpec, source: str) -> None:
    """Refuse a study in which every trial would fail because its params contradict each other.

    Raises:
        StudyError: every trial would fail.
    """
    if reasons := study_contradictions(spec):
        raise StudyError(source, ("every trial would fail, because its settings contradict each other:", *reasons))
