"""Whether a table describes a study, and whether its trials could be trained."""

import json
from typing import Any

from pydantic import ValidationError

from hyperspool.common.contradictions import study_contradictions
from hyperspool.common.errors import StudyError
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.validation import explain
from hyperspool.master.studies.changes import Changes


def validated(table: dict[str, Any], source: str, changes: Changes | None = None) -> StudySpec:
    """The study that a table describes.

    Args:
        table: as read from TOML or JSON.
        source: the file or option that it came from, for the message.
        changes: what the command line changed in it, for the message.

    Raises:
        StudyError: it is not valid.
    """
    try:
        # By way of JSON: a list of TOML then fills a tuple, and both ways into the project meet the same rules.
        return StudySpec.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        options = changes or Changes()
        marked = (
            f"{line} (from {option})" if (option := options.source_of(line)) else line
            for line in explain(error, StudySpec)
        )
        raise StudyError(source, tuple(marked)) from error


def need_trainable(spec: StudySpec, source: str) -> None:
    """See to it that not every trial of a study would fail because its params contradict each other.

    Raises:
        StudyError: all of them would.
    """
    if reasons := study_contradictions(spec):
        raise StudyError(source, ("every trial would fail, because its settings contradict each other:", *reasons))
