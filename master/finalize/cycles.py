"""What more training data do to a schedule that counts updates."""

from hyperspool.common.contradictions import DEFAULT_TRAIN_SIZES, VALIDATION_SIZES, WITH_CYCLES_OF_UPDATES
from hyperspool.common.objectives import with_defaults
from hyperspool.common.space import Fixed
from hyperspool.common.study_spec import Data, StudySpec


def cycles_remark(final: StudySpec) -> str | None:
    """That cycles measured in updates do not stretch with the data; None where there are none.

    Args:
        final: the final evaluation's study.
    """
    given = {name: parameter.value for name, parameter in final.space.items() if isinstance(parameter, Fixed)}
    params = with_defaults(final.objective.name, given)
    if params.get("schedule") not in WITH_CYCLES_OF_UPDATES or "step_size" not in params:
        return None
    data, step_size, batch_size = final.data or Data(), int(params["step_size"]), int(params["batch_size"])
    searched = data.train_size or DEFAULT_TRAIN_SIZES[data.name]
    before, now = (
        final.budget.epochs * (examples // batch_size)
        for examples in (searched, searched + VALIDATION_SIZES[data.name])
    )
    return (
        f"step_size is {step_size} updates, however many there are: the {before} of a trial of the search held "
        f"{before / (2 * step_size):.3g} cycles, the {now} with the validation data hold {now / (2 * step_size):.3g}, "
        "so the schedule is not quite the one that was chosen. The parameter cycles stretches with the data."
    )
