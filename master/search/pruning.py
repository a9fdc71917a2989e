"""Rules that say whether a running trial is worth going on with. Pure functions of curves."""

import math
import statistics
from collections.abc import Mapping, Sequence

from hyperspool.common.pruning import Pruning
from hyperspool.master.search.known import Direction, loss_of

Losses = Sequence[float]
"""What a trial lost after each of its epochs, from the first; NaN where it reported nothing."""


def losses(numbers: Sequence[float], direction: Direction) -> list[float]:
    """Return a curve's numbers as losses, which are minimised; one that is not finite becomes NaN."""
    return [loss_of(number, direction) if math.isfinite(number) else math.nan for number in numbers]


def verdict(rule: Pruning, own: Losses, others: Mapping[int, Losses]) -> str | None:
    """Say why a running trial is to end; None if it may go on.

    Args:
        rule: of the study.
        own: the trial's so far.
        others: the COMPLETE trials', by trial.
    """
    if len(own) < max(rule.warmup_epochs, 1) or not _finite(own):
        return None
    if rule.patience is not None:
        return _impatient(own, rule.patience)
    return _worse_than_median(own, others, rule.startup or 1)


def _impatient(own: Losses, patience: int) -> str | None:
    best = min(_finite(own))
    since = len(own) - 1 - next(epoch for epoch, loss in enumerate(own) if loss == best)
    return f"its last {since} epochs brought nothing better" if since >= patience else None


def _worse_than_median(own: Losses, others: Mapping[int, Losses], startup: int) -> str | None:
    """Compare a trial's best so far with the median of the others' means so far, as Golovin et al. 2017 do."""
    epochs = len(own)
    means = [statistics.fmean(seen) for other in others.values() if (seen := _finite(other[:epochs]))]
    if len(means) < startup or min(_finite(own)) <= statistics.median(means):
        return None
    return f"after {epochs} epochs it was worse than the median of {len(means)} trials"


def _finite(curve: Losses) -> list[float]:
    return [loss for loss in curve if math.isfinite(loss)]
