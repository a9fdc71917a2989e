"""A study whose results have a digest, for tests that change something afterwards."""

import os
from pathlib import Path

from hyperspool.common.confinement import listing_of
from hyperspool.common.file_kinds import DIGEST
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Outcome
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.digests import write_digest
from hyperspool.master.results.reading import FolderReader, StudyResults

LONG_AGO_S = 1e9


def digest_path(folder: StudyFolder) -> Path:
    """Where the digest of the first hundred trials lies."""
    return folder.path(DIGEST, folder.trial_folder(0).name)


def settle(path: Path) -> None:
    """Let a folder be one that has not changed for long."""
    os.utime(path, (LONG_AGO_S, LONG_AGO_S))


def digest(folder: StudyFolder, spec: StudySpec) -> bool:
    """Write the digest of the first hundred trials, as their folder is now."""
    path, found = folder.trial_folder(0), StudyResults()
    settle(path)
    FolderReader(folder, spec).read(path, found)
    outcomes = {key: one for key, one in found.results.items() if isinstance(one, Outcome)}
    times_s = list(found.landed_s.values())
    return write_digest(folder, spec, path, (outcomes, times_s), listing_of(path)[1])


def edit_in_place(path: Path, old: str, new: str) -> None:
    """Change a file's text as an editor does that keeps the file."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
