"""A function object as an objective, as the process that started the worker sent it."""

import pickle
import sys

from hyperspool.common.errors import UnableError
from hyperspool.common.sent import SentDefinition
from hyperspool.worker.objectives.function import called_with
from hyperspool.worker.objectives.trial import ObjectiveFunction


def find_sent(definition: SentDefinition) -> ObjectiveFunction:
    """Unpickle a function that was sent.

    The modules that it uses are searched for where the person's process found them, and in the same order.

    Raises:
        UnableError: it cannot be unpickled here.
    """
    try:
        path, pickled = pickle.loads(definition.pickled)  # noqa: S301 - from the process that started this worker
        sys.path[:] = [*path, *(entry for entry in sys.path if entry not in path)]
        return called_with(pickle.loads(pickled))  # noqa: S301 - as above
    except Exception as error:
        raise UnableError(f"the objective {definition.name} cannot be unpickled: {error!r}") from error
