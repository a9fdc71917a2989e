"""What the built-in objectives take: the parameters of each, their ranges and defaults.

The master refuses a study whose space an objective could not evaluate, before a worker has spent a minute on it; the
worker fills in what a study leaves out. A user's own objective is not listed here: its space is its author's affair.
"""

from collections.abc import Mapping, Sequence

from common.errors import UsageError
from common.space import Categorical, Fixed, Float, Int, Params, Scalar, Space
from common.validation import unknown_key

Allowed = Float | Int | Categorical

SOURCES = {
    "none": (),
    "initialisation": ("initialisation",),
    "shuffling": ("shuffling",),
    "dropout": ("dropout",),
    "all": ("initialisation", "shuffling", "dropout"),
}
"""What the parameter `varies` may be: which of a trial's seeds are its own. The others are the same for every trial."""

_CNN: dict[str, tuple[Allowed, Scalar | None]] = {
    # Defaults of the Lasagne MNIST example, whose network this is; its mini-batch of 500 is half of `digits`.
    "num_filters": (Int(type="int", low=1, high=4096), 32),
    "learning_rate": (Float(type="float", low=0.0, high=1e6), 0.01),
    "momentum": (Float(type="float", low=0.0, high=1.0), 0.9),
    "batch_size": (Int(type="int", low=1, high=1_000_000), 100),
    # Says how the master draws a trial's seeds; training has no use for it.
    "varies": (Categorical(type="categorical", choices=tuple(SOURCES)), None),
}

PARAMETERS: dict[str, dict[str, tuple[Allowed, Scalar | None]]] = {"cnn": _CNN}
"""Per objective and parameter: the values that it takes, and the one filled in if a study does not say; None: none."""


MEASURES = {"cnn": "validation error"}
"""What a built-in objective's value is called."""


def parse_definitions(definitions: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """A user's own objectives, (name, `module:function`) each, from `--objective NAME=MODULE:FUNCTION` options.

    Raises:
        UsageError: an option is not of that form, or takes a built-in objective's name.
    """
    parsed: list[tuple[str, str]] = []
    for definition in definitions:
        name, equals, target = definition.partition("=")
        module, colon, function = target.partition(":")
        if not (equals and colon and name and module and function):
            raise UsageError(f"--objective {definition}: expected NAME=MODULE:FUNCTION, e.g. mine=my_module:evaluate")
        if name in PARAMETERS:
            raise UsageError(f"--objective {definition}: {name} is built in; choose another name")
        parsed.append((name, target))
    return tuple(parsed)


def measure_name(objective: str) -> str:
    """What people call the value of an objective; `value` for a user's own."""
    return MEASURES.get(objective, "value")


def with_defaults(objective: str, params: Mapping[str, Scalar]) -> Params:
    """The params of a trial, with the defaults of a built-in objective for those that the study leaves out."""
    defaults = {name: default for name, (_, default) in PARAMETERS.get(objective, {}).items() if default is not None}
    return defaults | dict(params)


def varying_seeds(objective: str, params: Mapping[str, Scalar]) -> tuple[str, ...]:
    """Which of a trial's seeds are its own: all of them, unless a built-in objective's `varies` says otherwise."""
    is_known = "varies" in PARAMETERS.get(objective, {})
    return SOURCES[str(params.get("varies", "all"))] if is_known else SOURCES["all"]


def space_problems(objective: str, space: Space) -> tuple[str, ...]:
    """What in `space` a built-in objective could not evaluate, one line each; empty for a user's objective."""
    known = PARAMETERS.get(objective)
    if known is None:
        return ()
    lines: list[str] = []
    for name, parameter in space.items():
        if name not in known:
            lines.append(unknown_key(f"space.{name}", list(known)))
            continue
        allowed = known[name][0]
        for key, value in _extremes(parameter):
            number = float(value) if isinstance(allowed, Float) and type(value) is int else value
            if problem := allowed.problem(number):
                lines.append(f"space.{name}.{key}: {problem}")
    return tuple(lines)


def _extremes(parameter: Float | Int | Categorical | Fixed) -> tuple[tuple[str, Scalar], ...]:
    match parameter:
        case Categorical():
            return tuple(("choices", choice) for choice in parameter.choices)
        case Fixed():
            return (("value", parameter.value),)
        case _:
            return (("low", parameter.low), ("high", parameter.high))
