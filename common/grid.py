"""The grid of a search space: every combination of its parameters' values, and their number."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import prod

from hyperspool.common.space import Categorical, Fixed, Float, Int, Parameter, Params, Scalar, Space
from hyperspool.common.validation import MAX_PROBLEMS

MAX_LOOKS = 500_000
"""How many parameters are looked at while the settings of a grid are counted: half a second."""


def grid_values(parameter: Float | Int | Categorical | Fixed) -> tuple[int, Iterable[Scalar]]:
    """The number of one parameter's values, and the values: from low to high, or in the order of its list.

    Raises:
        ValueError: there are infinitely many values, or the scale is logarithmic, which does not say where they lie.
    """
    match parameter:
        case Categorical():
            return len(parameter.choices), parameter.choices
        case Fixed():
            return 1, (parameter.value,)
        case Int(log=False):
            whole = range(parameter.low, parameter.high + 1, parameter.step or 1)
            return len(whole), whole
        case Float(step=float()):
            return parameter.step_count, map(parameter.at_step, range(parameter.step_count))
    what = "a logarithmic scale" if parameter.log else "a range without a step"
    raise ValueError(f"{what} has no grid; give a list of values, or a step on a linear scale")


def grid_problems(space: Space) -> tuple[str, ...]:
    """Why a space has no grid: one line for each parameter without one; empty if it has a grid."""
    lines: list[str] = []
    for name, parameter in space.items():
        try:
            grid_values(parameter)
        except ValueError as error:
            lines.append(f"space.{name}: {error}")
    return tuple(lines)


def grid_trials(space: Space, replicates: int, trials: int, most: int) -> int:
    """The number of trials of a study that tries a grid.

    Args:
        space: the study's.
        replicates: of each setting.
        trials: what the study says; 0: nothing, which stands for all settings.
        most: no study has more trials.

    Raises:
        ValueError: the space has no grid, or it is too large, or smaller than the study says.
    """
    if problems := grid_problems(space):
        raise ValueError("; ".join(problems))
    settings = grid_size(space, limit=most)
    if settings * replicates > most:
        raise ValueError(f"space: a grid of more than {most} trials, replicates included; that is too large")
    if trials > settings * replicates:
        each = f", {replicates} replicates each" if replicates > 1 else ""
        raise ValueError(
            f"trials: found {trials}, expected at most {settings * replicates}: the grid has {settings} settings{each}"
        )
    return trials or settings * replicates


def grid(space: Space) -> Iterator[Params]:
    """Every combination, one by one: the file's last parameter changes fastest, its first one slowest.

    A parameter whose condition does not hold is absent and adds no combinations. A parameter whose condition names a
    later one is ordered after it.
    """
    return (_as_in_file(space, found) for found in combinations(space, space.order(), _grid_values))


def grid_size(space: Space, limit: int) -> int:
    """How many combinations `grid` gives, exact up to `limit`; above it, any number larger than `limit`.

    Raises:
        ValueError: conditions name too many parameters and values: counting would take minutes.
    """
    deciding = {other for _, parameter in space.items() for other in parameter.when}
    free = [parameter for name, parameter in space.items() if name not in deciding]
    decided_about = [parameter for parameter in free if parameter.when]
    always = prod(grid_values(parameter)[0] for parameter in free if not parameter.when)
    total = 0
    # Goes through the values only of parameters that conditions name. The others' counts multiply.
    names = [name for name in space.order() if name in deciding]
    for number, decided in enumerate(combinations(space, names, _grid_values), start=1):
        if number * (len(names) + len(decided_about) + 1) > MAX_LOOKS:
            raise ValueError(
                f"space: {', '.join(names[:MAX_PROBLEMS])} have too many combinations for the {len(decided_about)} "
                "parameters whose conditions name them; give them fewer values, or make several studies"
            )
        sizes = (grid_values(parameter)[0] for parameter in decided_about if parameter.is_wanted(decided))
        total += always * prod(sizes)
        if total > limit:
            break
    return total


def combinations(
    space: Space, names: Sequence[str], values_of: Callable[[str, Parameter], Iterable[Scalar]]
) -> Iterator[Params]:
    """Every combination of some parameters' values, one by one; the last parameter changes fastest.

    Args:
        space: the space.
        names: the parameters, each after those that its condition names. A combination in which a parameter's
            condition does not hold leaves the parameter out.
        values_of: returns the values of a parameter, by its name.
    """
    # A stack of iterators instead of recursion: a space may have more parameters than Python has frames.
    stack: list[Iterator[Params]] = [iter(({},))]
    while stack:
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
        elif len(stack) > len(names):
            yield found
        else:
            name = names[len(stack) - 1]
            parameter = space.root[name]
            is_active = parameter.is_wanted(found)
            stack.append(_extended(found, name, values_of(name, parameter)) if is_active else iter((found,)))


def _extended(found: Params, name: str, values: Iterable[Scalar]) -> Iterator[Params]:
    return (found | {name: value} for value in values)


def _grid_values(_name: str, parameter: Parameter) -> Iterable[Scalar]:
    return grid_values(parameter)[1]


def _as_in_file(space: Space, found: Params) -> Params:
    return {name: found[name] for name in space.root if name in found}
