"""Where a study comes from: a preset, a TOML file or the shared folder; what the command line changes in it."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hyperspool.common.contradictions import study_contradictions
from hyperspool.common.errors import StudyError, UsageError
from hyperspool.common.layout import StudyFolder, study_folders
from hyperspool.common.names import is_study_name
from hyperspool.common.reading import MAX_RECORD_BYTES
from hyperspool.common.shared_folder import need_folder
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.validation import explain, shown
from hyperspool.master.published import read_published

DEFAULT_PRESET = "scenario6"


@dataclass(frozen=True)
class Changes:
    """What the command line changes in a study.

    Attributes:
        values: dotted key to value, in the order given.
        sources: dotted key to the option that gave it, for messages.
        arguments: the options as they were typed, for a message that repeats the command.
        is_quick: make the changes of the study's table `quick` first, and name it after them.
    """

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    is_quick: bool = False

    @classmethod
    def parse(
        cls, shortcuts: Mapping[str, tuple[str, Any]], assignments: Sequence[str], *, is_quick: bool = False
    ) -> "Changes":
        """Gather options.

        Args:
            shortcuts: option to (dotted key, value); a value of None was not given.
            assignments: the `--set key=value` options; a value that is not TOML is taken as text.
            is_quick: the option `--quick`.

        Raises:
            UsageError: an assignment is not of the form key=value.
        """
        given = {option: pair for option, pair in shortcuts.items() if pair[1] is not None}
        values = dict(given.values())
        sources = {key: option for option, (key, _) in given.items()}
        arguments = ["--quick"] if is_quick else []
        arguments += [part for option, (_, value) in given.items() for part in (option, str(value))]
        for assignment in assignments:
            key, equals, text = assignment.partition("=")
            key = key.strip()
            if not equals or not all(key.split(".")):
                raise UsageError(f"--set {assignment}: expected KEY=VALUE, e.g. --set limits.time_limit_s=60")
            values[key] = _toml_value(text.strip())
            sources[key] = f"--set {key}"
            arguments += ["--set", assignment]
        return cls(values, sources, tuple(arguments), is_quick)

    def apply(self, table: dict[str, Any]) -> dict[str, Any]:
        """A copy of a study's table with the changes made; its table `quick` is no part of a study and left out."""
        changed: dict[str, Any] = json.loads(json.dumps(table, default=str))
        changed = self._hastened(changed, changed.pop("quick", None))
        for key, value in self.values.items():
            *path, last = key.split(".")
            place = changed
            for part in path:
                inner = place.setdefault(part, {})
                if not isinstance(inner, dict):
                    raise UsageError(f"{self.sources[key]}: {part} is {inner!r}, a value without keys of its own")
                place = inner
            place[last] = value
        return changed

    def _hastened(self, table: dict[str, Any], quick: Any) -> dict[str, Any]:
        if not self.is_quick:
            return table
        if not isinstance(quick, dict):
            raise UsageError(
                "--quick: the study has no table [quick], which says what a quick run of it changes; "
                "leave --quick out, or take --epochs and --trials"
            )
        # By a name of its own: a quick run says nothing about the study, and must not stand in its place. Under a name
        # that the user gives, its title still tells.
        own = {"name": f"{table.get('name', 'study')}-quick", "title": f"{table.get('title', '')} (quick form)".strip()}
        return _merged(table, own | quick)

    def source_of(self, problem: str) -> str | None:
        """The option that a problem's line comes from: the one that gave its key, or a table around it."""
        problem_key = problem.split(":", maxsplit=1)[0]
        inside = [key for key in self.sources if f"{problem_key}.".startswith(f"{key}.")]
        return self.sources[max(inside, key=len)] if inside else None


def preset_names() -> list[str]:
    """The studies that come with the project, sorted."""
    return sorted(entry.name.removesuffix(".toml") for entry in _presets().iterdir() if entry.name.endswith(".toml"))


def load_preset(name: str) -> StudySpec:
    """A study that comes with the project."""
    return validated(Changes().apply(_preset_table(name)), f"preset {name}")


def find_study(study: str, root: Path, changes: Changes) -> StudySpec:
    """The study that a command line means.

    Args:
        study: a preset's name, a TOML file's path, or the name of a study published under `root`.
        root: the shared folder.
        changes: the command line's.

    Raises:
        StudyError: it is not valid.
        UsageError: there is no such study.
    """
    _need_name_of_its_own(study, changes)
    if study.endswith(".toml"):
        table = _file_table(Path(study))
        table.setdefault("name", Path(study).stem)
        return validated(changes.apply(table), study, changes)
    if not is_study_name(study):
        raise UsageError(f"{study!r} is neither a study's name nor a .toml file")
    if study in preset_names():
        return validated(changes.apply(_preset_table(study)), f"preset {study}", changes)
    folder = published_study(root, study)
    published = read_published(folder)
    return validated(changes.apply(json.loads(published.to_json())), str(folder.spec), changes)


def _need_name_of_its_own(study: str, changes: Changes) -> None:
    name = changes.values.get("name")
    if name in preset_names() and (changes.is_quick or study != name):
        # Whoever then runs the preset would be told that it is published with other settings.
        what = f"the quick form of {study}" if changes.is_quick else study
        raise UsageError(f"--set name={name}: that is a preset, and {what} is another study; choose another name")


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


def _merged(table: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Tables within tables are merged; all else is replaced."""
    merged = dict(table)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


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


def _presets() -> Any:
    return resources.files("hyperspool.master") / "studies"


def _preset_table(name: str) -> dict[str, Any]:
    return tomllib.loads((_presets() / f"{name}.toml").read_text(encoding="utf-8"))


def _file_table(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_RECORD_BYTES:
            raise StudyError(str(path), (f"it is longer than {MAX_RECORD_BYTES} bytes",))
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UsageError(f"there is no study file {path}") from error
    except UnicodeDecodeError as error:
        raise StudyError(str(path), (f"not a text in UTF-8: {error.reason} at byte {error.start}",)) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(str(path), (f"not valid TOML: {error}{_offending_line(str(error), text)}",)) from error
    except RecursionError as error:
        raise StudyError(str(path), ("its tables or lists lie too deep within each other",)) from error
    except ValueError as error:  # a number of thousands of digits
        raise StudyError(str(path), (f"not valid TOML: {error}",)) from error


def _offending_line(told: str, text: str) -> str:
    match = re.search(r"at line (\d+)", told)
    lines = text.splitlines()
    if match is None or int(match[1]) > len(lines):
        return ""
    return f"\n    {shown(lines[int(match[1]) - 1])}"


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
