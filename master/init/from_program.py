"""Drafts a study from a program's options."""

from pathlib import Path

from hyperspool.common.records import MAX_EPOCHS
from hyperspool.common.space import Fixed
from hyperspool.master.init.draft import Draft, Entry, Row, flag_row, literally
from hyperspool.master.init.measure import guess_measure
from hyperspool.master.init.option import Form, Option, Program
from hyperspool.master.init.roles import Use, uses_of
from hyperspool.master.init.study_text import study_name

_FLAGS = {Form.FLAG_ON, Form.FLAG_OFF, Form.TOGGLE}
_USUAL_EPOCHS = 10
_FEWEST, _MOST = 20, 100
_PER_PARAMETER = 10


def draft_of(program: Program, path: Path) -> Draft:
    """A study that searches a program's options.

    Args:
        program: the program and its options.
        path: the program's file.
    """
    draft = Draft(study_name(path.stem), path.name, command=[Row(tuple(map(literally, program.command)))])
    for use in uses_of(program.options):
        _take(draft, use)
    searched = sum(not isinstance(entry.parameter, Fixed) for entry in draft.space)
    draft.trials = min(max(_PER_PARAMETER * searched, _FEWEST), _MOST)
    draft.trials_comment = f"ten for each of {searched} parameters, at least {_FEWEST}: a start"
    _name_measure(draft, program.source)
    return draft


def _take(draft: Draft, use: Use) -> None:
    """Put one option where it belongs."""
    option = use.option
    if use.placeholder is None:
        is_bare = option.form is not Form.VALUE or option.default in {None, ""}
        shown = option.flag if is_bare else f"{option.flag} {option.default}"
        draft.left_out.append((shown, use.reason))
        return
    if use.placeholder == "{epochs}":
        _set_budget(draft, option)
    elif use.parameter is None and not use.placeholder.startswith("{"):
        draft.remarks.append(f"Fill in {use.placeholder} in the command, for {option.flag}: {use.reason}.")
    if use.parameter is None:
        draft.command.append(_row(option, use.placeholder))
        return
    name = use.placeholder.strip("{}")
    draft.space.append(Entry(name, use.parameter, _comment(use, name)))
    if use.is_guess:
        draft.guesses.append(name)
    if option.form in _FLAGS:
        draft.command.append(flag_row(name, option.flag, option.off_flag))
    else:
        draft.command.append(_row(option, use.placeholder))


def _row(option: Option, placeholder: str) -> Row:
    if option.form is Form.POSITIONAL:
        return Row((placeholder,))
    is_like_a_flag = any(str(choice).startswith("-") for choice in option.choices)
    if is_like_a_flag and option.flag.startswith("--"):
        return Row((f"{option.flag}={placeholder}",))
    return Row((option.flag, placeholder))


def _set_budget(draft: Draft, option: Option) -> None:
    default = option.default if isinstance(option.default, int) and option.default > 0 else None
    draft.epochs = min(default or _USUAL_EPOCHS, MAX_EPOCHS)
    if default is None:
        draft.epochs_comment = f"{option.flag} has no default"
    elif default > MAX_EPOCHS:
        draft.epochs_comment = f"the default of {option.flag} is {default}, more than a study may have"
    else:
        draft.epochs_comment = f"the default of {option.flag}"
    if not {"epoch", "epochs", "nepochs"} & set(option.words):
        draft.remarks.append(f"An epoch of the study is what {option.flag} counts.")


def _comment(use: Use, name: str) -> str:
    """What a person has to know of a parameter: whether its range is a guess, and what the program says of it."""
    option = use.option
    shown = str(option.default).lower() if isinstance(option.default, bool) else option.default
    default = "no default" if shown is None else f"default {shown}"
    renamed = f"{option.flag}, " if name != option.name else ""
    said = f"; {option.help}" if option.help else ""
    return f"{'guess: ' if use.is_guess else ''}{renamed}{default}{said}"


def _name_measure(draft: Draft, source: str) -> None:
    measure = guess_measure(source)
    if measure is None:
        draft.measure_comment = "name the metric that a trial is judged by"
        draft.remarks.append("Name the metric that a trial is judged by (measure), and what is good (direction).")
        return
    draft.measure, draft.direction, draft.has_pattern = measure.name, measure.direction, measure.has_pattern
    draft.measure_comment = f"guess: {draft.origin} has a text with this name"
