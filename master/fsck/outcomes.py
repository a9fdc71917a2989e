"""Checks of results, their curves, and late results."""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from hyperspool.common.curve import read_curve
from hyperspool.common.epochs import EpochRecord, best_epoch
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import CURVE
from hyperspool.common.issues import AttemptName, EvaluationName, Issue
from hyperspool.common.records import Result
from hyperspool.common.study_objective import Objective
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.fsck.look import Look


def check_results(look: Look) -> Iterator[Breach]:
    """Every result belongs to its trial, and has the params and seeds that the study gives it."""
    for key, result in look.results.items():
        path = look.folder.result(*key)
        expected = look.expected_job(key)
        problems = look.spec.problems_of(result) or (expected.mismatches(result) if expected else ())
        if problems:
            cause = f"it is not a result of trial {key[0]} of this study: {'; '.join(problems)}"
            yield Breach(path, cause, Remedy.EVALUATE_AGAIN)


def check_curves(look: Look) -> Iterator[Breach]:
    """Every result has its curve beside it, with as many epochs as the result says."""
    for key, result in look.results.items():
        if look.is_busy(key):
            continue  # its worker may be about to move the curve to its place
        path = look.folder.curve(*key)
        try:
            problem = _contradiction(look.spec.objective, result, read_curve(path))
        except FileNotFoundError:
            if result.epochs:
                yield _lost_curve(look, result)
            continue
        except ProtocolError as error:
            problem = f"its curve cannot be read: {error.reason}"
        except OSError as error:
            yield Breach(path, f"cannot be read ({error.strerror})")
            continue
        if problem:
            yield Breach(look.folder.result(*key), f"{path.name} is not its curve: {problem}", Remedy.EVALUATE_AGAIN)


def check_lone_curves(look: Look) -> Iterator[Breach]:
    """Every curve has its result beside it."""
    for place in look.folder.trial_folders():
        for name in map(CURVE.parse, look.names(place)):
            if not isinstance(name, EvaluationName) or name in look.finished or look.is_busy(name):
                continue
            path = look.folder.curve(*name)
            if path.parent == place and name.trial < look.spec.all_trials:  # otherwise it is a stray
                yield Breach(path, "it is a curve without a result", Remedy.SET_ASIDE)


def check_duplicates(look: Look) -> Iterator[Breach]:
    """Late results are readable; if both were computed on CPUs, they equal the first result to the last bit."""
    folder = look.folder
    kept: set[str] = set()
    for name in look.names(folder.duplicates):
        path = folder.duplicates / name
        if not name.endswith(".json") or name.startswith("."):
            continue
        kept |= {name, path.with_suffix(".csv").name}
        result = look.read(path, Result, Remedy.SET_ASIDE)
        if result is None:
            continue
        problems = _foreign(look, path, result)
        if problems:
            yield Breach(path, f"it is not a late result of this study: {problems}", Remedy.SET_ASIDE)
        elif first := look.results.get(result.evaluation):
            yield from _difference(look, path, result, first)
    for name in look.names(folder.duplicates):
        if name.endswith(".csv") and name not in kept:
            yield Breach(folder.duplicates / name, "it is a curve without a result", Remedy.SET_ASIDE)


def _contradiction(objective: Objective, result: Result, curve: Sequence[EpochRecord]) -> str | None:
    if len(curve) != result.epochs:
        return f"it has {len(curve)} epochs, but the result says {result.epochs}"
    found = best_epoch(curve, objective) or (None, None)
    if (result.best_epoch, result.best_value) not in {found, _best_of_earlier_versions(curve)}:
        return f"its best is {found[1]} in epoch {found[0]}, but the result says {_best(result)}"
    seconds = math.fsum(record.seconds for record in curve)
    if not math.isclose(seconds, result.times.training_s, rel_tol=1e-9, abs_tol=1e-9):
        return f"it took {seconds} s, but the result says {result.times.training_s} s"
    return None


def _best_of_earlier_versions(curve: Sequence[EpochRecord]) -> tuple[int | None, float | None]:
    """Until 0.1 a maximised study without its measure in the curve, too, recorded the lowest validation error."""
    return best_epoch(curve, Objective(name="any")) or (None, None)


def _best(result: Result) -> str:
    return f"{result.best_value} in epoch {result.best_epoch}"


def _lost_curve(look: Look, result: Result) -> Breach:
    attempt = AttemptName(Issue(*result.evaluation, result.issue), result.attempt)
    path = look.folder.result(*result.evaluation)
    if look.folder.running_curve(attempt).name in look.names(look.folder.running):
        return Breach(path, "its curve still lies in running/, so CLEAR was cut short", Remedy.TIDY)
    return Breach(path, f"its curve {result.evaluation.name}.csv is missing", Remedy.EVALUATE_AGAIN)


def _foreign(look: Look, path: Path, result: Result) -> str:
    problems = look.spec.problems_of(result)
    if problems:
        return "; ".join(problems)
    name = look.folder.duplicate(AttemptName(Issue(*result.evaluation, result.issue), result.attempt)).name
    return "" if path.name == name else f"by its content, it should be named {name}"


def _difference(look: Look, path: Path, late: Result, first: Result) -> Iterator[Breach]:
    if not late.attribution.device == first.attribution.device == "cpu":
        return
    cause = f"it differs from {look.folder.result(*late.evaluation).relative_to(look.folder.root)}"
    advice = "on CPUs of one make both should be equal to the last bit"
    if late.value != first.value:
        values = f"value {late.value} instead of {first.value}"
        yield Breach(path, f"{cause}: {values}; {advice}", severity=Severity.WARNING)
        return
    try:
        mine = read_curve(path.with_suffix(".csv"))
    except ProtocolError as error:
        yield Breach(error.path, error.reason, Remedy.SET_ASIDE)
        return
    except OSError:  # an objective without epochs has no curve
        return
    with suppress(OSError, ProtocolError):  # the other curve has its own check
        theirs = read_curve(look.folder.curve(*late.evaluation))
        epochs = [one.epoch for one, other in zip(mine, theirs, strict=False) if _line(one) != _line(other)]
        if epochs or len(mine) != len(theirs):
            where = f"from epoch {epochs[0]} on" if epochs else "in length"
            yield Breach(path, f"{cause}: its curve differs {where}; {advice}", severity=Severity.WARNING)


def _line(record: EpochRecord) -> str:
    """The part of an epoch that must repeat: all but the seconds. As text, because there NaN equals NaN."""
    return f"{record.epoch} {sorted(record.metrics.items())}"
