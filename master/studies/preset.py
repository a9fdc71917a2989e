"""Presets: the studies that come with the project."""

import tomllib
from importlib import resources
from typing import Any

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.validity import validated


def preset_names() -> list[str]:
    """The names of the presets, sorted."""
    return sorted(entry.name.removesuffix(".toml") for entry in _presets().iterdir() if entry.name.endswith(".toml"))


def load_preset(name: str) -> StudySpec:
    """Return the study of a preset."""
    return validated(Changes().apply(preset_table(name)), f"preset {name}")


def preset_table(name: str) -> dict[str, Any]:
    """Return the content of a preset's file, including the table `quick`."""
    return tomllib.loads((_presets() / f"{name}.toml").read_text(encoding="utf-8"))


def _presets() -> Any:
    return resources.files("hyperspool.master") / "studies" / "presets"
