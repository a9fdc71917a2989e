"""Studies for the tools that people know: Optuna's plots and importances."""

from pathlib import Path
from typing import TYPE_CHECKING

from hyperspool.api.study import Study

if TYPE_CHECKING:
    import optuna


def to_optuna(study: Study | str, root: str | Path = ".") -> "optuna.Study":
    """Return a study as Optuna's, in memory: for `optuna.visualization`, `optuna.importance` and the like.

        optuna.visualization.plot_slice(hs.to_optuna(study))

    It is the study as it is now. Trials keep their numbers; those without a result are RUNNING or WAITING. What is done
    to it does not reach the study's folder.

    Args:
        study: a study, or the name of one that is published under `root`.
        root: the shared folder, for a name.

    Raises:
        UsageError: there is no such study.
    """
    from hyperspool.master.analysis.data.so_far import study_so_far
    from hyperspool.master.analysis.exports.optuna_study import optuna_study
    from hyperspool.master.studies.published import published_study, read_published

    found = study if isinstance(study, Study) else Study.open(study, root)
    folder = published_study(found.root, found.name)
    return optuna_study(study_so_far(folder, read_published(folder)))
