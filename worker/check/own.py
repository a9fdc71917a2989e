"""The checks of a user's own objective: what it returns, whether it repeats itself, stops, and goes on where it was."""

from collections.abc import Iterator
from dataclasses import replace

from hyperspool.common.epochs import metric_names
from hyperspool.worker.check.call import Call, Caller, peak_memory_bytes
from hyperspool.worker.check.result import CheckResult
from hyperspool.worker.check.study import CheckedStudy
from hyperspool.worker.ending import TICK_S
from hyperspool.worker.messages import Abandoned, Failed, Finished, Outcome, Pruned, Stopped, Unable
from hyperspool.worker.objectives.command import GRACE_S

EVALUATES, SAME, SAME_ANEW = "evaluates", "same seed, same value", "the same in a new process"
EPOCHS, STOPS, GOES_ON = "epochs and metrics", "stops on request", "goes on after a stop"
LEAVES, TIME, MEMORY = "leaves nothing running", "time", "memory"


def check_own(study: CheckedStudy, caller: Caller) -> Iterator[CheckResult]:
    """Evaluate the objective up to five times, and judge what it did. Each evaluation has the same params and seed.

    Args:
        study: what to evaluate it with.
        caller: evaluates it.
    """
    first = caller.call()
    yield _evaluates(study, first)
    if not isinstance(first.outcome, Finished):
        return
    yield _epochs(study, first)
    yield _leaves(first)
    second = caller.call()
    yield _same(study, SAME, first, second)
    caller.renew()
    anew = caller.call()
    yield _same_anew(study, first, second, anew)
    caller.renew()
    stopped = caller.call_and_stop(_when_to_stop_s(first))
    yield _stops(study, stopped)
    yield _goes_on(study, caller, first, stopped, can_compare=_difference(first, anew) is None)
    caller.renew()
    yield _time(first, second)
    yield CheckResult(MEMORY, None, f"its largest process held up to {peak_memory_bytes() / 2**20:,.0f} MiB")


def _evaluates(study: CheckedStudy, call: Call) -> CheckResult:
    objective = study.spec.objective
    match call.outcome:
        case Finished() as finished:
            diverged = ", and says that it diverged" if finished.is_diverged else ""
            text = f"{objective.measure_name} {finished.value:.6g}, to be {objective.direction}d{diverged}"
            # Those that are not in the metrics are the value, and the seconds, which have a line of their own.
            others = (goal for goal in study.spec.objectives or () if goal.measure in finished.metrics)
            parts = [f"{goal.measure} {finished.metrics[goal.measure]:.6g}, to be {goal.direction}d" for goal in others]
            return CheckResult(EVALUATES, True, "; ".join([text, *parts]))
        case other:
            is_without = isinstance(other, Failed) and not study.has_params
            hint = "\nIt got no params: give them by --set KEY=VALUE or --study-file FILE" if is_without else ""
            return CheckResult(EVALUATES, False, _ending(other, call.last_lines) + hint)


def _ending(outcome: Outcome, last_lines: tuple[str, ...] = ()) -> str:
    match outcome:
        case Failed():
            return f"{outcome.message}{replace(outcome, last_lines=last_lines).printed}"
        case Unable():
            return outcome.reason
        case Finished():
            return f"it returned {outcome.value!r}"
        case Stopped() | Pruned() | Abandoned():
            return "it was stopped"


def _epochs(study: CheckedStudy, call: Call) -> CheckResult:
    budget, names = study.job.budget.epochs, metric_names(call.curve)
    if not call.curve:
        ways = "print lines of JSON" if study.is_command else "call trial.report(loss=...)"
        message = f"no epoch reported, so it has no curve; to have one, {ways} after each epoch"
        return CheckResult(EPOCHS, None, message)
    last = call.curve[-1].epoch
    found = f"{last} {'epoch' if last == 1 else 'epochs'} of {', '.join(names) or 'no metric'}"
    if last > budget:
        where = "{epochs} or HYPERSPOOL_EPOCHS" if study.is_command else "trial.epochs"
        return CheckResult(EPOCHS, False, f"{found}, but its budget is {budget}: it must read {where}")
    measure = study.spec.objective.measure
    if measure and measure not in names:
        found += f"; the measure {measure} is not among them, so no epoch of a curve is called the best"
    return CheckResult(EPOCHS, True, f"{found} (budget {budget})")


def _leaves(call: Call) -> CheckResult:
    if call.left is None:
        return CheckResult(LEAVES, True, "every process and thread that it started has ended")
    left = "; ".join((*call.left.processes, *call.left.threads))
    return CheckResult(LEAVES, None, f"{left}: ended with it, and the next trial starts a new process for that")


def _same(study: CheckedStudy, check: str, first: Call, again: Call) -> CheckResult:
    difference = _difference(first, again)
    if difference is None:
        return CheckResult(check, True, "the value and every metric, to the last bit")
    seed = "HYPERSPOOL_SEED or {seed}" if study.is_command else "trial.seeds"
    return CheckResult(check, False, f"{difference}. Take the seed of everything random from {seed}")


def _same_anew(study: CheckedStudy, first: Call, second: Call, anew: Call) -> CheckResult:
    found = _same(study, SAME_ANEW, first, anew)
    if found.is_passed and _difference(first, second):
        hint = (
            "but not for the second trial of a process: something is kept from one trial to the next, such as a "
            "generator or a global. Make it anew in each, or set objective.fresh_process = true"
        )
        return CheckResult(SAME_ANEW, True, f"{found.message}, {hint}")
    return found


def _difference(first: Call, again: Call) -> str | None:
    """What an evaluation gave other than the first; None if nothing."""
    if not isinstance(again.outcome, Finished):
        return _ending(again.outcome)
    for one, other in zip(first.curve, again.curve, strict=False):
        if repr(one.metrics) != repr(other.metrics):  # as texts, because no NaN equals another
            return f"epoch {one.epoch} gave {_numbers(one.metrics)}, and then {_numbers(other.metrics)}"
    if len(first.curve) != len(again.curve):
        return f"it reported {len(first.curve)} epochs, and then {len(again.curve)}"
    if not isinstance(first.outcome, Finished) or first.outcome.value == again.outcome.value:
        return None
    return f"{first.outcome.value!r}, and then {again.outcome.value!r}"


def _numbers(metrics: dict[str, float]) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in metrics.items())


def _when_to_stop_s(first: Call) -> float | None:
    """After the first epoch, or if none is reported, in the middle."""
    if first.curve:
        return None
    return first.trained_s / 2 if first.trained_s > 2 * TICK_S else 0.0


def _stops(study: CheckedStudy, call: Call) -> CheckResult:
    match call.outcome:
        case Finished():
            return CheckResult(STOPS, None, "it was over before it could be stopped")
        case Stopped() if (call.stopping_s or 0.0) < GRACE_S:
            return CheckResult(STOPS, True, f"{call.stopping_s or 0.0:.1f} s after the request")
        case Stopped() if study.is_command:
            return CheckResult(STOPS, False, f"it ignored SIGTERM for {GRACE_S:g} s, so it was killed")
        case Stopped():
            hint = "to end in time, ask trial.should_stop(), save, and raise TrialStopped"
            return CheckResult(STOPS, None, f"it does not ask, so its process was killed; {hint}")
        case other:
            return CheckResult(STOPS, False, f"when it was asked to: {_ending(other)}")


def _goes_on(study: CheckedStudy, caller: Caller, first: Call, stopped: Call, *, can_compare: bool) -> CheckResult:
    if not isinstance(stopped.outcome, Stopped):
        return CheckResult(GOES_ON, None, "not tried: it was not stopped in the middle")
    if not caller.has_saved:
        way = "what it leaves in {checkpoint_dir} is found again" if study.is_command else "trial.save keeps its state"
        return CheckResult(GOES_ON, None, f"it had saved nothing, so a trial that is stopped starts over; {way}")
    has_checkpoint = caller.has_checkpoint
    resumed = caller.go_on()
    if has_checkpoint and resumed.resumed_after is None:
        return CheckResult(GOES_ON, False, "it had saved, but did not call trial.load, so it started over")
    after = f"after epoch {resumed.resumed_after}" if resumed.resumed_after else "from what it had saved"
    if not can_compare and isinstance(resumed.outcome, Finished):
        return CheckResult(GOES_ON, None, f"{after}; not compared, because it does not repeat itself anyway")
    if difference := _difference(first, resumed):
        hint = "Save all that the rest depends on: weights, optimizer, schedules, generators"
        return CheckResult(GOES_ON, False, f"{after}, but not as without a stop: {difference}. {hint}")
    return CheckResult(GOES_ON, True, f"{after}, to the same value as without a stop, to the last bit")


def _time(first: Call, second: Call) -> CheckResult:
    epochs = [record.seconds for record in second.curve]
    each = f", {sum(epochs) / len(epochs):.3g} s per epoch" if epochs else ""
    return CheckResult(
        TIME, None, f"{first.prepared_s:.1f} s to start its process, then {second.trained_s:.3g} s per trial{each}"
    )
