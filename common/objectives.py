"""The parameters of the built-in objectives, with their ranges and defaults.

The master uses them to refuse a study whose space an objective could not evaluate, before a worker spends a minute on
it. The worker uses them to fill in what a study leaves out. A user's own objective is not listed: its author decides
what its space may be.
"""

from collections.abc import Mapping

from hyperspool.common.space import Categorical, Fixed, Float, Int, Params, Scalar, Space
from hyperspool.common.validation import unknown_key

Allowed = Float | Int | Categorical

SOURCES = {
    "none": (),
    "initialisation": ("initialisation",),
    "shuffling": ("shuffling",),
    "dropout": ("dropout",),
    "all": ("initialisation", "shuffling", "dropout"),
}
"""Values of the parameter `varies`: the seeds that are a trial's own. The others are the same for every trial."""

_Table = dict[str, tuple[Allowed, Scalar | None]]


def _number(low: float, high: float, default: float | None) -> tuple[Allowed, Scalar | None]:
    return Float(type="float", low=low, high=high), default


def _count(low: int, high: int, default: int | None) -> tuple[Allowed, Scalar | None]:
    return Int(type="int", low=low, high=high), default


def _choice(*choices: Scalar, default: Scalar | None) -> tuple[Allowed, Scalar | None]:
    return Categorical(type="categorical", choices=choices), default


_TRAINING: _Table = {
    # Defaults of the Lasagne MNIST example; its mini-batch of 500 is half of `digits`.
    "learning_rate": _number(0.0, 1e6, 0.01),
    "momentum": _number(0.0, 1.0, 0.9),
    "batch_size": _count(1, 1_000_000, 100),
    "nesterov": _choice(False, True, default=False),
    # How learning rate and momentum change from update to update. A schedule ignores the others' parameters.
    "schedule": _choice(
        "constant",
        "step",
        "exponential",
        "cosine",
        "cosine_restarts",
        "triangular",
        "one_cycle",
        "cyclical_momentum",
        "range_test",
        default="constant",
    ),
    "decay_factor": _number(0.0, 1.0, 0.1),
    "decay_every": _count(1, 1_000_000, 10),  # epochs
    "restart_period": _count(1, 1_000_000, 10),  # epochs
    "restart_multiplier": _count(1, 100, 2),
    "eta_min": _number(0.0, 1e6, None),  # a share of eta_max that the schedule's source gives
    "eta_max": _number(0.0, 1e6, None),  # learning_rate
    "eta_log": _choice(False, True, default=False),
    "step_size": _count(1, 10**9, None),  # updates
    "cycles": _count(1, 1_000_000, None),  # 3, unless there is a step_size
    "momentum_min": _number(0.0, 1.0, None),  # 0.1 below momentum
    # Against overfitting.
    "l2": _number(0.0, 1e6, 0.0),
    "weight_decay": _number(0.0, 1e6, 0.0),
    "keep_input": _number(0.01, 1.0, 1.0),
    "augmentation": _choice(False, True, default=False),
    "patience": _count(0, 1_000_000, 0),  # epochs
    "batch_norm": _choice(False, True, default=False),
    "initialisation": _choice("glorot", "he", "normal", "orthogonal", default="glorot"),
    "sigma": _number(0.0, 1000.0, 0.01),
    "snapshots": _choice(False, True, default=False),
    # The master reads it when it draws a trial's seeds; training does not use it.
    "varies": _choice(*SOURCES, default=None),
}

_CNN: _Table = {
    "num_filters": _count(1, 4096, 32),
    **_TRAINING,
    "keep_hidden": _number(0.01, 1.0, 0.5),
    "precision": _choice("float32", "bfloat16", default="float32"),
}

_MLP: _Table = {
    "hidden_units": _count(1, 65_536, 50),
    "hidden_layers": _count(0, 64, 1),
    **_TRAINING,
    "keep_hidden": _number(0.01, 1.0, 1.0),
}

PARAMETERS: dict[str, _Table] = {"cnn": _CNN, "mlp": _MLP}
"""By objective and parameter: the allowed values, and the default. None: nothing is filled in, and training works the
value out as the comment beside it says."""

MEASURES = {"cnn": "validation error", "mlp": "validation error"}
"""Names of the built-in objectives' values."""

CHANGEABLE = (
    "learning_rate",
    "momentum",
    "batch_size",
    "nesterov",
    "decay_factor",
    "eta_min",
    "eta_max",
    "momentum_min",
    "l2",
    "weight_decay",
    "keep_input",
    "keep_hidden",
)
"""The parameters of the built-in objectives that a training can change between two epochs. The others shape the network
or its schedule, or count before the first epoch only."""

EPOCH_METRICS = ("training_loss", "validation_loss", "validation_error", "learning_rate", "momentum")
"""What the built-in objectives report after each epoch, in the order of their curves."""


def with_defaults(objective: str, params: Mapping[str, Scalar]) -> Params:
    """The params of a trial, completed with a built-in objective's defaults for what the study leaves out."""
    defaults = {name: default for name, (_, default) in PARAMETERS.get(objective, {}).items() if default is not None}
    return defaults | dict(params)


def varying_seeds(objective: str, params: Mapping[str, Scalar]) -> tuple[str, ...]:
    """The seeds that are a trial's own: all of them, unless a built-in objective's `varies` names fewer."""
    is_known = "varies" in PARAMETERS.get(objective, {})
    return SOURCES[str(params.get("varies", "all"))] if is_known else SOURCES["all"]


def space_problems(objective: str, space: Space) -> tuple[str, ...]:
    """The parts of `space` that a built-in objective could not evaluate, one line each; empty for a user's own."""
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
            coarse = tuple(("coarse", value) for value in parameter.coarse or ())
            return (("low", parameter.low), ("high", parameter.high), *coarse)
