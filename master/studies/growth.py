"""What may be changed in a study that is published already. Everything else makes another study."""

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.common.population import PBT
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.methods import is_beginning_of, settings_count
from hyperspool.master.studies.published import differences

CHANGEABLE = frozenset({"trials", "batch", "mode", "stop", "replicates", "sampler.rounds", "budget.epochs"})
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
    if "budget.epochs" in keys and (problem := _epochs_obstacle(published, wanted)):
        return problem
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


def _epochs_obstacle(published: StudySpec, wanted: StudySpec) -> str | None:
    if wanted.epochs < published.epochs:
        return f"budget.epochs: a study of {published.epochs} epochs cannot have fewer"
    if published.sampler.name == PBT:
        return "budget.epochs: the generations of pbt divide them, and would be others"
    if not published.can_grow_longer:
        return (
            "budget.epochs: its trials kept no checkpoint to go on from; a study with a budget.horizon above its "
            "epochs keeps them"
        )
    if published.halving is None:
        return None
    rungs = published.halving.ladder(published.epochs)
    if published.halving.name == "hyperband" or published.halving.ladder(wanted.epochs)[: len(rungs)] != rungs:
        return f"budget.epochs: {wanted.epochs} epochs make other rungs than {', '.join(map(str, rungs))}"
    return None


def publish_again(folder: StudyFolder, spec: StudySpec) -> None:
    """Put changed settings in the place of the published ones. Only the study's master may do so."""
    atomic.replace(folder.spec, spec.to_json(), durable=True)
