"""Writes a draft's file, and never over another one unless that was asked for."""

from pathlib import Path

from hyperspool.common.errors import UsageError
from hyperspool.master.init.draft import Draft
from hyperspool.master.init.study_text import study_text


def check_target(out: Path, *, is_forced: bool) -> None:
    """Refuse a file that cannot be written, before the program runs.

    Raises:
        UsageError: the file exists, its name does not end in .toml, or its folder does not exist.
    """
    if out.suffix != ".toml":
        raise UsageError(f"--out {out}: a study's file ends in .toml")
    if out.exists() and not is_forced:
        raise UsageError(f"{out} exists already, and is left as it is: --out names another file, --force replaces it")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}")


def write_draft(draft: Draft, out: Path, command: str, *, is_forced: bool) -> None:
    """Write a draft's file.

    Args:
        draft: the study.
        out: the file.
        command: the command that runs the study, for a comment in it.
        is_forced: whether a file that exists is replaced.

    Raises:
        UsageError: there is nothing to search, or the file came into being meanwhile.
    """
    draft.checked_space()
    try:
        with out.open("w" if is_forced else "x", encoding="utf-8") as stream:
            stream.write(study_text(draft, command))
    except FileExistsError as error:
        raise UsageError(f"{out} exists already, and is left as it is: --force replaces it") from error
