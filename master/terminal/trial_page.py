"""One trial, as `show` prints it."""

import statistics
from collections.abc import Iterator
from dataclasses import asdict

from hyperspool.common.epochs import metric_names
from hyperspool.common.records import Status
from hyperspool.master.results.generations import lineage_text
from hyperspool.master.results.notes import note_text
from hyperspool.master.results.one_trial import OneTrial
from hyperspool.master.results.wording import counted, duration_text, measured_text, param_text
from hyperspool.master.terminal.console import Terminal
from hyperspool.master.terminal.sparkline import sparkline

TRACEBACK_LINES = 6
KEPT_SHOWN = 20
CURVES_SHOWN = 8
CURVE_CELLS = 40


def print_trial(console: Terminal, one: OneTrial, measure: str) -> None:
    """Print all that is known of a trial, but not all that it printed.

    Args:
        console: where to print.
        one: the trial.
        measure: the name of its value.
    """
    rung = f", rung {one.name.rung}" if one.name.rung else ""
    console.say([(f"trial {one.name.trial}{rung}: ", "bold"), _state(one, measure)])
    for heading, lines in (
        ("lineage", _lineage(one)),
        ("params", _params(one)),
        ("metrics", _metrics(one)),
        ("curve", _curve(one, is_plain=not console.encoding.startswith("utf"))),
        ("failure", _failure(one)),
        ("evaluated", _evaluated(one)),
        ("seeds", _seeds(one)),
        ("files", [f"{what}: {path}" for what, path in one.files.items()]),
        ("it kept", _kept(one)),
        ("notes", (line for note in one.notes for line in note_text(note).split("\n"))),
        ("it printed last", list(one.last_lines)),
    ):
        if shown := list(lines):
            console.say(heading, "bold")
            for line in shown:
                console.say(f"  {line}")


def _state(one: OneTrial, measure: str) -> str:
    if one.result and one.result.value is not None:
        values = one.values or {measure: one.result.value}
        texts = [f"{name} {measured_text(value)}" for name, value in values.items()]
        broken = f", breaks {one.breaks}" if one.breaks else ""
        return f"{one.status.value}, {', '.join(texts)}{' (diverged)' * one.result.diverged}{broken}"
    if one.worker and one.status is Status.RUNNING:
        epoch = f", epoch {one.worker.epoch or 0} of {one.worker.epochs}" if one.worker.epochs != 1 else ""
        return f"RUNNING on {one.worker.worker}{epoch}"
    return one.status.value


def _lineage(one: OneTrial) -> Iterator[str]:
    if not one.lineage:
        return
    yield lineage_text(one.lineage)
    if one.result and one.result.epochs and not one.result.resumed_from_epoch:
        yield "no checkpoint was found there, so it was trained from its first epoch"


def _params(one: OneTrial) -> Iterator[str]:
    if one.params is None:
        yield "not proposed yet"
        return
    width = max(map(len, one.params), default=0)
    yield from (f"{name:<{width}}  {param_text(value)}" for name, value in one.params.items())


def _metrics(one: OneTrial) -> Iterator[str]:
    for name, value in ((one.result.metrics if one.result else None) or {}).items():
        yield f"{name}  {measured_text(value)}"
    for below in one.lower:
        yield f"on rung {below.rung}, after {below.epochs} epochs: {measured_text(below.value)}"


def _curve(one: OneTrial, *, is_plain: bool) -> Iterator[str]:
    """Each metric as a sparkline, with its first and its last number; the earlier ones first if there are many."""
    names = metric_names(one.curve)[:CURVES_SHOWN]
    width = max(map(len, names), default=0)
    for name in names:
        numbers = [record.metric(name) for record in one.curve]
        ends = f"{measured_text(numbers[0])} -> {measured_text(numbers[-1])}"
        yield f"{name:<{width}}  {sparkline(numbers, CURVE_CELLS, is_plain=is_plain)}  {ends}"
    if one.curve:
        each_s = statistics.median(record.seconds for record in one.curve)
        yield f"{counted(len(one.curve), 'epoch')}, {duration_text(each_s)} each (median)"


def _seeds(one: OneTrial) -> Iterator[str]:
    if one.seeds:
        yield " ".join(f"{source}={seed}" for source, seed in asdict(one.seeds).items())


def _failure(one: OneTrial) -> Iterator[str]:
    failure = one.result.failure if one.result else None
    if failure is None:
        return
    # What was printed last stands at the end of the message, and below.
    yield failure.message.partition("\n  it printed last:")[0]
    if failure.traceback:
        yield from failure.traceback.rstrip().splitlines()[-TRACEBACK_LINES:]


def _kept(one: OneTrial) -> Iterator[str]:
    kept = (one.result.files if one.result else None) or ()
    yield from (f"{file.name}  {counted(file.size_bytes, 'byte')}" for file in kept[:KEPT_SHOWN])
    if len(kept) > KEPT_SHOWN:
        yield f"and {counted(len(kept) - KEPT_SHOWN, 'more file')}"


def _evaluated(one: OneTrial) -> Iterator[str]:
    if one.result:
        who = one.result.attribution
        yield f"by {who.worker} on {who.host}, {who.device}, in {duration_text(one.result.times.evaluation_s)}"
        again = f", issue {one.result.issue}" if one.result.issue > 1 else ""
        if one.result.attempt > 1 or again:
            yield f"attempt {one.result.attempt}{again}"
    if one.attempts:
        yield one.attempts
