"""Finds an objective by its name. Only the worker's command line can add one; no file in the shared folder can."""

from functools import partial

from hyperspool.common.commands import CommandDefinition
from hyperspool.common.definitions import Definition, FunctionDefinition
from hyperspool.common.errors import UnableError
from hyperspool.common.sent import SentDefinition
from hyperspool.common.study_objective import Objective
from hyperspool.worker.objectives.command import evaluate_command
from hyperspool.worker.objectives.function import find_function
from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.sent import find_sent
from hyperspool.worker.objectives.trial import ObjectiveFunction, Trial


def find_objective(objective: Objective, objectives: tuple[Definition, ...]) -> ObjectiveFunction:
    """Return the callable for an objective's name.

    Args:
        objective: as the study gives it.
        objectives: the user's objectives.

    Raises:
        UnableError: this worker was not given an objective of that name, or cannot import it.
    """
    name = objective.name
    if name in BUILT_IN:
        return BUILT_IN[name]
    definitions = {definition.name: definition for definition in objectives}
    if name not in definitions:
        known = ", ".join([*BUILT_IN, *definitions])
        raise UnableError(
            f"the study's objective {name!r} is not known to this worker (known: {known}); start the worker with "
            f"--objective {name}=MODULE:FUNCTION, or with --study-file FILE.toml that defines it"
        )
    match definitions[name]:
        case FunctionDefinition() as function:
            return find_function(function)
        case CommandDefinition() as command:
            return partial(evaluate_command, command, objective)
        case SentDefinition() as sent:
            return find_sent(sent)


def _train(name: str, trial: Trial) -> Measured:
    try:  # only here: the first two import torch, and without the third a worker of other objectives starts faster
        from hyperspool.worker.objectives.final import evaluate_final
        from hyperspool.worker.objectives.network import evaluate_network
        from hyperspool.worker.training.params import NETWORKS
    except ImportError as error:
        raise UnableError(f"what {name} needs cannot be imported here: {error}") from error
    evaluate = evaluate_final if trial.is_final else evaluate_network
    return evaluate(trial, NETWORKS[name])


BUILT_IN: dict[str, ObjectiveFunction] = {name: partial(_train, name) for name in ("cnn", "mlp")}
"""The objectives that train a network and measure its error: `cnn` and `mlp`."""
