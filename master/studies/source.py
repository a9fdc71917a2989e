"""Finds the study that a command line names: a preset, a TOML file, or a published study."""

import json
from pathlib import Path

from hyperspool.common.definitions import published_table, without_own_keys
from hyperspool.common.errors import StudyError, UsageError
from hyperspool.common.names import is_study_name
from hyperspool.common.study_file import read_study_file
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.preset import preset_names, preset_table
from hyperspool.master.studies.published import published_study, read_published
from hyperspool.master.studies.validity import validated


def find_study(study: str, root: Path, changes: Changes) -> StudySpec:
    """Return the study that a command line names, with its changes applied.

    Args:
        study: a preset's name, a TOML file's path, or the name of a study published under `root`.
        root: the shared folder.
        changes: the changes from the command line.

    Raises:
        StudyError: the study is not valid.
        UsageError: there is no such study, or the new name is a preset's.
    """
    _check_new_name(study, changes)
    if study.endswith(".toml"):
        return _from_file(Path(study), changes)
    if not is_study_name(study):  # the name becomes a path, so nothing else may reach the folder
        raise UsageError(f"{study!r} is neither a study's name nor a .toml file")
    if study in preset_names():
        return validated(changes.apply(preset_table(study)), f"preset {study}", changes)
    folder = published_study(root, study)
    published = read_published(folder)
    return validated(changes.apply(json.loads(published.to_json())), str(folder.spec), changes)


def _from_file(path: Path, changes: Changes) -> StudySpec:
    read = read_study_file(path)
    problems: tuple[str, ...] = ()
    try:
        table = published_table(read, path)
    except StudyError as error:  # the rest is looked at too, so that one message names all that is wrong
        problems = error.problems
        table = without_own_keys(read)
    return validated(changes.apply({"name": path.stem} | table), str(path), changes, problems)


def _check_new_name(study: str, changes: Changes) -> None:
    name = changes.values.get("name")
    if name in preset_names() and (changes.is_quick or study != name):
        # Else a later run of that preset is refused: its name is already published with other settings.
        what = f"the quick form of {study}" if changes.is_quick else study
        raise UsageError(f"--set name={name}: that is a preset, and {what} is another study; choose another name")
