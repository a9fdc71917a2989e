"""What may be changed in a study that is published already. Everything else makes another study."""

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.methods import is_beginning_of, settings_count
from hyperspool.master.studies.published import differences

CHANGEABLE = frozenset({"trials", "batch", "mode", "stop", "replicates", "sampler.rounds"})
"""Keys that no finished trial depends on; the tables in `CHANGEABLE_TABLES` likewise."""
CHANGEABLE_TABLES = ("limits.", "stop.")


def can_become(published: StudySpec, wanted: StudySpec) -> bool:
    """Whether a published study may go on with the settings of another, and every trial that is there stays as it is.

    More trials, rounds and replicates, another pace, other limits and stopping rules.
    """
    keys = differences(published, wanted)
    if not all(key in CHANGEABLE or key.startswith(CHANGEABLE_TABLES) for key in keys):
        return False
    return obstacle(published, wanted) is None


def obstacle(published: StudySpec, wanted: StudySpec) -> str | None:
    """Why a study cannot grow from its published size to the wanted one; None if nothing is in the way."""
    keys = differences(published, wanted)
    if "replicates" in keys and wanted.replicates < published.replicates:
        return f"replicates: a study of {published.replicates} replicates cannot have fewer"
    if wanted.trials < published.trials:
        return f"trials: a study of {published.trials} trials cannot have fewer"
    if (settings := settings_count(published)) > settings_count(wanted):
        return (
            f"trials: {settings} settings of {wanted.replicates} replicates are {settings * wanted.replicates} trials, "
            f"found {wanted.trials}"
        )
    if keys.keys() & {"trials", "replicates", "sampler.rounds"} and not is_beginning_of(published, wanted):
        return "trials: the method divides its trials among rounds, stages or brackets, and they would be others"
    return None


def publish_again(folder: StudyFolder, spec: StudySpec) -> None:
    """Put changed settings in the place of the published ones. Only the study's master may do so."""
    atomic.replace(folder.spec, spec.to_json(), durable=True)
