"""The effect of additional training data on a schedule whose cycles are measured in updates."""

from hyperspool.common.contradictions import DEFAULT_TRAIN_SIZES, VALIDATION_SIZES, WITH_CYCLES_OF_UPDATES
from hyperspool.common.objectives import with_defaults
from hyperspool.common.space import Fixed
from hyperspool.common.study_objective import Data
from hyperspool.common.study_spec import StudySpec


def cycles_remark(final: StudySpec) -> str | None:
    """Warn that cycles measured in updates do not stretch with the data; None if the schedule has no such cycles.

    Args:
        final: the study of the final evaluation.
    """
    given = {name: parameter.value for name, parameter in final.space.items() if isinstance(parameter, Fixed)}
    params = with_defaults(final.objective.name, given)
    if params.get("schedule") not in WITH_CYCLES_OF_UPDATES or "step_size" not in params:
        return None
    data, step_size, batch_size = final.data or Data(), int(params["step_size"]), int(params["batch_size"])
    searched = data.train_size or DEFAULT_TRAIN_SIZES[data.name]
    before, now = (
        final.epochs * (examples // batch_size) for examples in (searched, searched + VALIDATION_SIZES[data.name])
    )
    return (
        f"The parameter step_size stays {step_size} updates although the validation data add updates: {before} updates "
        f"in the search held {before / (2 * step_size):.3g} cycles, {now} updates now hold "
        f"{now / (2 * step_size):.3g}. So the schedule differs a little from the one that was chosen. The parameter "
        "cycles stretches with the data."
    )
