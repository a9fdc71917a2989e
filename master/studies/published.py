"""The published study: how it is found and read, what a person is told when it cannot be, and how another differs."""

import json
from pathlib import Path
from typing import Any

from hyperspool.common.errors import ProtocolError, UsageError
from hyperspool.common.layout import StudyFolder, study_folders
from hyperspool.common.reading import read_record
from hyperspool.common.shared_folder import need_folder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.studies.preset import preset_names

ADVICE = (
    "Put the file right from a copy; or remove it and give the `run` command with the study's preset or .toml file "
    "again, which publishes it anew. Results are kept either way"
)


def read_published(folder: StudyFolder) -> StudySpec:
    """The study of a folder, as it was published there.

    Raises:
        FileNotFoundError: it is not there.
        ProtocolError: the file is torn, damaged or another study's; the message says what to do.
    """
    try:
        spec = read_record(folder.spec, StudySpec)
    except ProtocolError as error:
        raise ProtocolError(folder.spec, f"{error.reason}. {ADVICE}") from error
    if spec.name != folder.name:
        raise ProtocolError(folder.spec, f"is the study {spec.name!r}, expected {folder.name!r}. {ADVICE}")
    return spec


def published_study(root: Path, study: str) -> StudyFolder:
    """The folder of a study that was published under `root`.

    Raises:
        FolderError: there is no such root.
        UsageError: there is none of that name.
    """
    need_folder(root)
    folders = {folder.name: folder for folder in study_folders(root)}
    if study in folders:
        return folders[study]
    there = ", ".join(folders) or "no study yet"
    raise UsageError(
        f"no study {study!r}: the folder {root.absolute()} holds {there}; "
        f"the presets, which `run` takes too, are {', '.join(preset_names())}"
    )


def differences(published: StudySpec, wanted: StudySpec) -> dict[str, tuple[Any, Any]]:
    """Where two studies differ: dotted key to (published, wanted). Titles do not count."""
    first, second = _flat(json.loads(published.to_json())), _flat(json.loads(wanted.to_json()))
    keys = [*first, *(key for key in second if key not in first)]
    found = {key: (first.get(key), second.get(key)) for key in keys if first.get(key) != second.get(key)}
    return {key: values for key, values in found.items() if key not in {"title", "name"}}


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
