"""What may be changed in a study that is published already. Everything else makes another study."""

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.methods import has_fixed_length
from hyperspool.master.studies.published import differences

CHANGEABLE = frozenset({"trials", "batch", "mode", "stop"})
"""Keys that no finished trial depends on; the tables in `CHANGEABLE_TABLES` likewise."""
CHANGEABLE_TABLES = ("limits.", "stop.")


def can_become(published: StudySpec, wanted: StudySpec) -> bool:
    """Whether a published study may go on with the settings of another: more trials, pace, limits, stopping rules.

    Not if a finished trial would be another one then: the method divides the trials among rounds, say.
    """
    keys = differences(published, wanted)
    if not all(key in CHANGEABLE or key.startswith(CHANGEABLE_TABLES) for key in keys):
        return False
    return "trials" not in keys or (wanted.trials > published.trials and not has_fixed_length(published))


def publish_again(folder: StudyFolder, spec: StudySpec) -> None:
    """Put changed settings in the place of the published ones. Only the study's master may do so."""
    atomic.replace(folder.spec, spec.to_json(), durable=True)
