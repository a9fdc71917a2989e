"""The headings of the page's columns, where a column's own name would read badly."""

from hyperspool.master.analysis.data.columns import metrics_columns, params_column, values_column
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.settings import label_of
from hyperspool.master.analysis.page.render import heading

COLUMN_LABELS = {
    "at least": "95% interval from",
    "at most": "95% interval to",
    "epoch_s": "time per epoch (s)",
    "n_diverged": "diverged",
    "n_failed": "FAILED",
    "n_pruned": "PRUNED",
    "training_s": "training time (s)",
    "evaluation_s": "time (s)",
}


def headings(data: StudyData) -> dict[str, str]:
    """Column to heading, for the tables of a study."""
    labels = {params_column(name): label_of(data.spec, name) for name, _ in data.spec.space.items()}
    # A metric may have the name of a parameter: `snapshots` is both, whether to take them and how many were taken.
    taken = set(labels.values())
    labels |= {name: f"{heading(name)} (measured)" for name in metrics_columns(data.trials) if heading(name) in taken}
    labels |= COLUMN_LABELS | {"value": data.spec.objective.measure_name}
    return labels | {values_column(goal.measure): goal.measure for goal in data.spec.objectives or ()}
