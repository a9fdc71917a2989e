"""Hyperspool: a hyperparameter search whose whole server is a folder.

Every module is imported under this name, so that a user's own packages called `common`, `master` or `worker` cannot
clash with it. This module exports what an objective or a notebook needs. Each name is loaded on first use, so
`import hyperspool` takes milliseconds and imports neither torch nor pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hyperspool.api.space import Categorical, Float, Int
    from hyperspool.api.study import Study
    from hyperspool.api.tools import to_optuna
    from hyperspool.common.errors import SearchError, UsageError
    from hyperspool.master.analysis.data.frames import StudyData, load_study
    from hyperspool.worker.objectives.measured import Measured
    from hyperspool.worker.objectives.trial import Trial, TrialStopped

__all__ = [
    "Categorical",
    "Float",
    "Int",
    "Measured",
    "SearchError",
    "Study",
    "StudyData",
    "Trial",
    "TrialStopped",
    "UsageError",
    "__version__",
    "load_study",
    "to_optuna",
]

_HOMES = {
    "Categorical": "hyperspool.api.space",
    "Float": "hyperspool.api.space",
    "Int": "hyperspool.api.space",
    "Measured": "hyperspool.worker.objectives.measured",
    "SearchError": "hyperspool.common.errors",
    "Study": "hyperspool.api.study",
    "StudyData": "hyperspool.master.analysis.data.frames",
    "Trial": "hyperspool.worker.objectives.trial",
    "TrialStopped": "hyperspool.worker.objectives.trial",
    "UsageError": "hyperspool.common.errors",
    "load_study": "hyperspool.master.analysis.data.frames",
    "to_optuna": "hyperspool.api.tools",
}
"""The module that defines each public name."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            found: Any = version("hyperspool")
        except PackageNotFoundError:  # run from a checkout that is not installed
            found = "unknown"
    elif name in _HOMES:
        found = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'hyperspool' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
