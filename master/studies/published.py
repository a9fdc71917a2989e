"""The published study: publishing, finding and reading it, comparing it with another, and messages when that fails."""

import difflib
import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

from hyperspool.common import atomic
from hyperspool.common.errors import ProtocolError, SearchError, UsageError
from hyperspool.common.invocation import command_line, place_of
from hyperspool.common.layout import StudyFolder, study_folders
from hyperspool.common.locks import NEW_LOCK, ClaimMode
from hyperspool.common.reading import read_record
from hyperspool.common.rejection import set_aside
from hyperspool.common.shared_folder import need_folder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.studies.preset import preset_names

ADVICE = (
    "Restore the file from a copy; or remove it and repeat the `run` command with the study's preset or .toml file, "
    "which publishes the study again. Results are kept either way"
)

logger = logging.getLogger(__name__)


def read_published(folder: StudyFolder) -> StudySpec:
    """Read the study that was published in a folder.

    Raises:
        FileNotFoundError: the folder has no published study.
        ProtocolError: the file is torn, damaged or belongs to another study; the message says what to do.
    """
    try:
        spec = read_record(folder.spec, StudySpec)
    except ProtocolError as error:
        raise ProtocolError(folder.spec, f"{error.reason}. {ADVICE}") from error
    if spec.name != folder.name:
        raise ProtocolError(folder.spec, f"found the study {spec.name!r}, expected {folder.name!r}. {ADVICE}")
    return spec


def restore_published(folder: StudyFolder, spec: StudySpec) -> None:
    """Publish a running study again if its file is damaged: workers claim no job of a study that they cannot read.

    Raises:
        SearchError: the file is gone.
    """
    try:
        read_published(folder)
    except FileNotFoundError:
        # A removed file is a user's wish; a damaged one is an accident.
        raise SearchError(f"{folder.spec} was removed while the study ran; the run ends here") from None
    except ProtocolError as error:
        set_aside(folder, folder.spec, error.reason.removesuffix(f". {ADVICE}"))
        atomic.write_once(folder.spec, spec.to_json())
        logger.warning("%s: study published again, unchanged", folder.spec)


def publish_study(folder: StudyFolder, spec: StudySpec) -> dict[str, tuple[Any, Any]]:
    """Create the study's folders and publish the study, unless one is published there already.

    Returns:
        The differences from the study that is published there: dotted key to (published, wanted). Empty if there are
        no differences.

    Raises:
        ProtocolError: the published study cannot be read.
    """
    for path in folder.folders:
        atomic.make_folder(path)
    if atomic.write_once(folder.spec, spec.to_json()):
        return {}
    return differences(read_published(folder), spec)


def with_lock_kind(folder: StudyFolder, spec: StudySpec) -> StudySpec:
    """Return a study that asks for kernel locks with the kind that is published; a new study gets the newest kind."""
    if spec.claim is ClaimMode.LEASE:
        return spec
    kind = NEW_LOCK
    with suppress(FileNotFoundError):
        if (published := read_published(folder).claim) is not ClaimMode.LEASE:
            kind = published
    return spec.model_copy(update={"claim": kind})


def published_study(root: Path, study: str) -> StudyFolder:
    """Return the folder of a study that was published under `root`.

    Raises:
        FolderError: `root` does not exist.
        UsageError: no published study has that name; the message suggests a similar name and lists all.
    """
    need_folder(root)
    folders = {folder.name: folder for folder in study_folders(root)}
    if study in folders:
        return folders[study]
    presets = preset_names()
    near = difflib.get_close_matches(study, [*folders, *presets], n=1)
    suggestion = f"did you mean {near[0]}? " if near else ""
    there = ", ".join(folders) or "no study yet"
    if study in presets:
        raise UsageError(
            f"no study {study!r}: this preset was not run yet in {root.absolute()}, which holds {there}; to run it: "
            f"{command_line('master', 'run', study, *place_of(root))}"
        )
    raise UsageError(
        f"{suggestion}no study {study!r}: the folder {root.absolute()} holds {there}; "
        f"the presets, which `run` takes too, are {', '.join(presets)}"
    )


def differences(published: StudySpec, wanted: StudySpec) -> dict[str, tuple[Any, Any]]:
    """Compare two studies: dotted key to (published, wanted) where they differ. Names and titles are ignored."""
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
