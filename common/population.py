"""Population-based training in a study: how many trials it has, and what its training can change on the way.

Source: Jaderberg et al. 2017, Population Based Training of Neural Networks, arXiv:1711.09846. A member of a generation
is a trial of its own. It trains `sampler.interval` epochs more than the generation before, from the checkpoint of its
own predecessor or of a better member's.
"""

from collections.abc import Sequence

from hyperspool.common.objectives import CHANGEABLE, PARAMETERS
from hyperspool.common.samplers import SamplerSpec
from hyperspool.common.space import Fixed, Space
from hyperspool.common.validation import shown, unknown_key

PBT = "pbt"
"""The name of its sampler."""
MAX_NAMED = 12
"""So many divisors are named in a message."""


def planned(
    sampler: SamplerSpec, epochs: int | None, trials: int, objective: str, space: Space, others: Sequence[str]
) -> tuple[SamplerSpec, int]:
    """Return a study's sampler with the parameters that it changes, and the number of its trials.

    Args:
        sampler: as the study has it.
        epochs: the study's budget; None if it has none.
        trials: what the study says; 0: nothing.
        objective: the objective's name.
        space: the study's.
        others: the keys of the study's parts that stand around a search.

    Raises:
        ValueError: the study cannot train a population.
    """
    if others:
        raise ValueError(f"sampler.name: pbt goes on with trainings, and the study has {others[0]}; leave one out")
    interval = _need_interval(sampler.interval, epochs)
    perturb = _perturbed(sampler, objective, space)
    size, generations = sampler.population or 1, (epochs or 1) // interval
    if trials not in {0, size * generations}:
        raise ValueError(
            f"trials: found {trials}, expected {size * generations}: {generations} generations of {size} "
            "(sampler.population); leave trials out"
        )
    return sampler.model_copy(update={"perturb": perturb}), size * generations


def _need_interval(interval: int | None, epochs: int | None) -> int:
    if epochs is None:
        raise ValueError("budget.epochs: missing; pbt divides the epochs of a training among generations")
    divisors = [each for each in range(1, epochs // 2 + 1) if epochs % each == 0]
    if not divisors:
        raise ValueError(f"budget.epochs: found {epochs}, expected at least 2 with pbt, for two generations")
    if interval in divisors:
        return interval
    found = "missing" if interval is None else f"found {interval}"
    named = ", ".join(map(str, divisors[:MAX_NAMED])) + (", ..." if len(divisors) > MAX_NAMED else "")
    raise ValueError(
        f"sampler.interval: {found}; expected the epochs of a generation, of which two or more make the {epochs} "
        f"(budget.epochs) of a training: {named}"
    )


def _perturbed(sampler: SamplerSpec, objective: str, space: Space) -> tuple[str, ...]:
    """The parameters that change when a member copies another one; the others are copied as they are."""
    free = [name for name, parameter in space.items() if not isinstance(parameter, Fixed)]
    changeable = [name for name in free if name in CHANGEABLE] if objective in PARAMETERS else free
    if sampler.perturb is None:
        if objective not in PARAMETERS:
            example = f'["{free[0]}"]' if free else "[...]"
            raise ValueError(
                f"sampler.perturb: missing; name the parameters that {objective} can change in the middle of a "
                f"training, e.g. perturb = {example}"
            )
        if not changeable:
            raise ValueError(
                "space: pbt changes parameters in the middle of a training, and this space fixes them all; expected "
                f"a range or a list for one of {', '.join(CHANGEABLE)}"
            )
        return tuple(changeable)
    for name in sampler.perturb:
        if name not in space.root:
            raise ValueError(unknown_key(f"sampler.perturb.{name}", list(space.root)))
        if name not in free:
            raise ValueError(f"sampler.perturb: found {shown(name)}, which is fixed; give it a range or a list")
        if name not in changeable:
            raise ValueError(
                f"sampler.perturb: found {shown(name)}, which cannot change in the middle of a training; expected some "
                f"of {', '.join(CHANGEABLE)}"
            )
    return sampler.perturb
