"""The params of a check: an objective's defaults, changed by the command line."""

from collections.abc import Sequence

from hyperspool.common.errors import UsageError
from hyperspool.common.objectives import PARAMETERS, with_defaults
from hyperspool.common.space import Float, Params, Scalar
from hyperspool.common.typed import typed_value
from hyperspool.common.validation import unknown_key


def parse_params(objective: str, assignments: Sequence[str]) -> Params:
    """Return the params of a built-in objective.

    Args:
        objective: its name.
        assignments: `--set KEY=VALUE` options.

    Raises:
        UsageError: the objective or a parameter is unknown, or a parameter does not allow a value.
    """
    known = PARAMETERS.get(objective)
    if known is None:
        raise UsageError(f"objective {objective}: expected {' or '.join(PARAMETERS)}, whose training is built in")
    given: Params = {}
    for name, found in map(assignment, assignments):
        if name not in known:
            raise UsageError(f"--set {unknown_key(name, list(known))}")
        allowed = known[name][0]
        value = float(found) if isinstance(allowed, Float) and type(found) is int else found
        if problem := allowed.problem(value):
            raise UsageError(f"--set {name}: {problem}")
        given[name] = value
    params = with_defaults(objective, given)
    params.pop("varies", None)  # only a study, which draws seeds, has a use for it
    return params


def assignment(text: str) -> tuple[str, Scalar]:
    """Return the name and the value that `--set KEY=VALUE` gives.

    Raises:
        UsageError: it is of another form.
    """
    name, equals, value = text.partition("=")
    name = name.strip().removeprefix("space.")
    if not equals or not name:
        raise UsageError(f"--set {text}: expected KEY=VALUE, e.g. --set learning_rate=0.05")
    found = typed_value(value.strip())
    return name, found if isinstance(found, Scalar) else value.strip()
