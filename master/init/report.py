"""What a person is told of a draft: what each part became, what is a guess, what to do next."""

from collections.abc import Iterator

from hyperspool.common.commands import FACTS
from hyperspool.common.space import Categorical, Fixed
from hyperspool.common.validation import cut
from hyperspool.master.init.draft import Draft, Parameter
from hyperspool.master.init.study_text import toml

_MAX_CELL = 60


def table_rows(draft: Draft) -> list[tuple[str, str, str]]:
    """Each part of the draft: what it is, what it became, and what to know of it."""
    rows = [(entry.name, _range(entry.parameter), _short(entry.comment)) for entry in draft.space]
    known = {f"{{{name}}}" for name in FACTS}
    for row in draft.command:
        named = [word for word in row.words if any(placeholder in word for placeholder in known)]
        rows += [(row.words[0].partition("=")[0], f"stands for {named[-1].rpartition('=')[-1]}", "")] if named else []
    return rows + [(cut(what), "left out", cut(why, _MAX_CELL)) for what, why in draft.left_out]


def sentences(draft: Draft) -> Iterator[str]:
    """What to look at before the study runs."""
    if draft.guesses:
        yield f"Guessed from the defaults: the range{'s' * (len(draft.guesses) > 1)} of {', '.join(draft.guesses)}."
    known = draft.measure_comment.startswith("guess")
    if known:
        yield f"The measure is {draft.measure}, to {draft.direction}: a guess from the script's texts."
    yield from draft.remarks


def _short(comment: str) -> str:
    """A parameter's comment without what the program says of it, which stands in the file."""
    return cut(comment.partition("; ")[0], _MAX_CELL)


def _range(parameter: Parameter) -> str:
    match parameter:
        case Categorical():
            return cut(", ".join(map(toml, parameter.choices)), _MAX_CELL)
        case Fixed():
            return toml(parameter.value)
        case _:
            step = f", step {toml(parameter.step)}" if parameter.step else ""
            return f"{toml(parameter.low)} to {toml(parameter.high)}{', log' if parameter.log else ''}{step}"
