"""One `fsck`: finds the study, inspects it, and repairs it if asked to."""

import time
from pathlib import Path

from hyperspool.common.layout import StudyFolder
from hyperspool.common.shared_folder import need_folder
from hyperspool.master.fsck.breach import Breach
from hyperspool.master.fsck.inspection import SETTLE_S, inspect, read_spec
from hyperspool.master.fsck.repair import Repaired, repair
from hyperspool.master.studies.published import published_study


def examine_study(root: Path, study: str, *, is_to_repair: bool) -> Repaired:
    """Find a study's breaches, and repair them if asked to.

    Raises:
        UsageError: there is no such study.
        StudyBusyError: it should be repaired, but its master runs.
    """
    folder = _folder_of(root, study)
    spec = read_spec(folder)
    if isinstance(spec, Breach):
        return Repaired([spec], [])
    found = inspect(folder, spec, lambda: time.sleep(SETTLE_S))
    if not is_to_repair:
        return Repaired(found, [])
    return repair(folder, spec, found)


def _folder_of(root: Path, study: str) -> StudyFolder:
    need_folder(root)
    folder = StudyFolder(root, study)
    # A folder without study.json is examined too: the missing file is its first breach.
    return folder if folder.jobs.is_dir() else published_study(root, study)
