"""Reads a study file: TOML that a user wrote."""

import re
import tomllib
from pathlib import Path
from typing import Any

from hyperspool.common.errors import StudyError, UsageError
from hyperspool.common.reading import MAX_RECORD_BYTES
from hyperspool.common.validation import shown


def read_study_file(path: Path) -> dict[str, Any]:
    """Return the table in a study's TOML file.

    Raises:
        StudyError: the file is not valid TOML, or too long.
        UsageError: the file does not exist, or cannot be read.
    """
    try:
        if path.stat().st_size > MAX_RECORD_BYTES:
            raise StudyError(str(path), (f"it is longer than {MAX_RECORD_BYTES} bytes",))
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UsageError(f"there is no study file {path}") from error
    except UnicodeDecodeError as error:
        raise StudyError(str(path), (f"not UTF-8 text: {error.reason} at byte {error.start}",)) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(str(path), (f"not valid TOML: {error}{_offending_line(str(error), text)}",)) from error
    except RecursionError as error:
        raise StudyError(str(path), ("its tables or lists are nested too deeply",)) from error
    except ValueError as error:  # a number with thousands of digits
        raise StudyError(str(path), (f"not valid TOML: {error}",)) from error


def _offending_line(message: str, text: str) -> str:
    match = re.search(r"at line (\d+)", message)
    lines = text.splitlines()
    if match is None or int(match[1]) > len(lines):
        return ""
    return f"\n    {shown(lines[int(match[1]) - 1])}"
