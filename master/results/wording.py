"""The wording of values, params, durations and counts, the same in every sentence and table."""

from collections.abc import Mapping

from hyperspool.common.earlier import EarlierResults
from hyperspool.common.measures import values_of, violations_of
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Status, scalar_text
from hyperspool.common.space import Params, Scalar
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.stopping import Stopped

Styled = str | tuple[str, str]
"""A part of a text, alone or with its style in a terminal: `bold`, `yellow`, `bold red`."""
MAX_LINE = 300
"""The number of characters shown of a text from an untrusted file."""


def measured_text(value: float | None) -> str:
    """A measured value with four decimals, or with four significant digits if it is tiny or huge; a dash for None."""
    if value is None:
        return "-"
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e4 else f"{value:.4g}"  # noqa: PLR2004 - what reads well


def signed_text(value: float | None) -> str:
    """A difference of measured values with its sign and as many decimals: `+0.0123`; a dash for None."""
    if value is None:
        return measured_text(None)
    return f"{value:+.4f}" if 5e-5 <= abs(value) < 1e4 or value == 0 else f"{value:+.4g}"  # noqa: PLR2004 - as above


def params_text(params: Params) -> str:
    """Params on one line: `num_filters=55 learning_rate=0.043`."""
    return " ".join(f"{name}={param_text(value)}" for name, value in params.items())


def param_text(value: Scalar) -> str:
    """A parameter's value on one line, a float with four significant digits: `0.043`, `true`, `adam`."""
    return first_line(scalar_text(value))


def duration_text(seconds: float) -> str:
    """A duration in units that suit its size: `0.04 s`, `4.2 s`, `12 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 10:  # noqa: PLR2004 - below ten seconds, fractions matter
        return f"{seconds:.{1 if seconds >= 1 else 2}f} s"
    whole = round(seconds)
    minutes, hours = whole // 60, whole // 3600
    if not minutes:
        return f"{whole} s"
    return f"{minutes} min {whole % 60:02} s" if not hours else f"{hours} h {minutes % 60:02} min"


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 trial`, `40 trials`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def stopped_text(stopped: Stopped | None) -> str:
    """A sentence about the rule that ended a study before its last trial; else empty."""
    return f"stopped by its rule {stopped.rule}: {stopped.reason}" if stopped else ""


def earlier_text(earlier: EarlierResults | None) -> str:
    """A sentence about what a study learns from beside its own trials; else empty."""
    if earlier is None:
        return ""
    sources = first_line(", ".join(earlier.sources))
    return f"learns from {counted(len(earlier.results), 'earlier result')} of {sources}, counted apart"


def first_line(text: str) -> str:
    """The first line of an untrusted text, without characters that would move a terminal's cursor."""
    return _clean(text.splitlines()[0]) if text.strip() else "no reason given"


def last_lines(text: str, count: int = 4) -> list[str]:
    """The last lines of an untrusted text, without its first: of a failure's message, what was printed last."""
    return [_clean(line) for line in text.splitlines()[1:][-count:]]


def _clean(line: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in line)[:MAX_LINE]


def outcome_text(result: Finished) -> str:
    """A trial's outcome: its value, or why it failed."""
    if result.failure:
        return f"FAILED ({result.failure.kind.replace('_', ' ')})"
    how = " diverged" if result.diverged else " pruned" if result.status is Status.PRUNED else ""
    return measured_text(result.value) + how


def outcome_texts(result: Finished, spec: StudySpec) -> dict[str, str]:
    """A trial's outcome by measure: its value, or each number of several objectives; behind the first why it failed."""
    if not spec.objectives:
        return {spec.objective.measure_name: outcome_text(result)}
    measures = [goal.measure for goal in spec.objectives]
    if result.status is not Status.COMPLETE:
        return dict.fromkeys(measures, "") | {measures[0]: outcome_text(result)}
    texts = dict(zip(measures, map(measured_text, values_of(spec, result)), strict=True))
    return texts | ({measures[0]: f"{texts[measures[0]]} diverged"} if result.diverged else {})


def broken_text(result: Finished, spec: StudySpec) -> str:
    """The constraints that a COMPLETE trial breaks: `size_mb <= 10, seconds <= 60`; empty if it breaks none."""
    if result.status is not Status.COMPLETE:
        return ""
    pairs = zip(spec.constraints or (), violations_of(spec, result), strict=True)
    return ", ".join(str(constraint) for constraint, violation in pairs if violation > 0)


def broken_counts_text(broken: Mapping[str, int]) -> str:
    """How many trials break each constraint that is broken: `3 trials break size_mb <= 10`; empty for none."""
    return ", ".join(
        f"{counted(count, 'trial')} {'breaks' if count == 1 else 'break'} {name}"
        for name, count in broken.items()
        if count
    )
