"""Turns pydantic's errors into lines for people: the key, what was found, what is allowed."""

import difflib
import types
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hyperspool.common.printable import printable_line

MAX_SHOWN_CHARACTERS = 80
MAX_LINE = 2000
MAX_PROBLEMS = 20
"""More than a person reads, and a bound on what a hostile file can make us write to the log."""


def explain(error: ValidationError, model: type[Any]) -> tuple[str, ...]:
    """The first twenty problems, one line each: `budget.epochs: found 'five', expected an integer`."""
    problems = error.errors(include_url=False)
    lines = tuple(cut(_line(details, model), MAX_LINE) for details in problems[:MAX_PROBLEMS])
    more = len(problems) - len(lines)
    return (*lines, f"and {more} more problems") if more else lines


def unknown_key(key: str, allowed: list[str]) -> str:
    """The message about an unknown key, with the most similar allowed key."""
    near = difflib.get_close_matches(key.rsplit(".", 1)[-1][:MAX_SHOWN_CHARACTERS], allowed, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{cut(printable_line(key))}: unknown key{hint}; allowed: {', '.join(allowed)}"


def shown(value: object) -> str:
    """A value for a message: short, and on one line."""
    try:
        text = str(value).lower() if isinstance(value, bool) else repr(value).replace("\n", " ")
    except ValueError:  # Python writes no integers of more than 4,300 digits
        text = "a number of thousands of digits"
    return cut(printable_line(text))


def cut(text: str, limit: int = MAX_SHOWN_CHARACTERS) -> str:
    """The text, cut to at most `limit` characters; a cut text ends in three dots."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


_EXPECTED = {
    "int_type": "an integer",
    "int_parsing": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "string_type": "a text in quotes",
    "bool_type": "true or false",
    "dict_type": "a table of keys and values",
    "model_type": "a table of keys and values",
    "tuple_type": "a list",
    "list_type": "a list",
}


def _line(details: ErrorDetails, model: type[Any]) -> str:
    kind, location = details["type"], details["loc"]
    key = ".".join(str(part) for part in location if not _is_union_tag(part) and part != "[key]") or "the file"
    named = cut(printable_line(key))
    context = details.get("ctx", {})
    found = f"{named}: found {shown(details['input'])}"
    match kind:
        case "extra_forbidden" | "unexpected_keyword_argument":
            line = unknown_key(key, _allowed_keys(model, location[:-1]))
        case "missing":
            line = f"{named}: missing; it is required"
        case "json_invalid":
            line = f"not valid JSON: {context.get('error')}"
        case "value_error":
            line = f"{named}: {context['error']}" if location else str(context["error"])
        case "union_tag_not_found":
            line = f"{found}, expected a table with a type: {_tags(model, location)}"
        case "union_tag_invalid":
            line = f"{named}.type: found {shown(context.get('tag'))}, expected one of {context.get('expected_tags')}"
        case "model_type" | "model_attributes_type" | "dataclass_type" if keys := _allowed_keys(model, location):
            line = f"{found}, expected a table, e.g. {named} = {{ {keys[0]} = ... }}; its keys: {', '.join(keys)}"
        case "too_short":
            line = f"{found}, expected at least {context.get('min_length')}"
        case "string_pattern_mismatch":
            line = f"{found}, expected a letter, then at most 63 letters, digits or underscores"
        case _:
            line = f"{found}, expected {_EXPECTED.get(kind) or details['msg'].removeprefix('Input should be ')}"
    return line


def _is_union_tag(part: int | str) -> bool:
    # pydantic puts the chosen member of a tagged union into the location, but the user never wrote it.
    return isinstance(part, str) and part in {"float", "int", "categorical", "fixed", "bool", "str"}


def _tags(model: type[Any], location: tuple[int | str, ...]) -> str:
    kinds = (own["type"] for member in _models_at(model, location) if "type" in (own := _annotations(member)))
    return ", ".join(repr(get_args(kind)[0]) for kind in kinds)


def _allowed_keys(model: type[Any], location: tuple[int | str, ...]) -> list[str]:
    for member in _models_at(model, location):
        own = _annotations(member)
        if "type" not in own or get_args(own["type"])[0] in location:
            return [name for name in own if name != "schema_version"]
    return []


def _models_at(model: type[Any], location: tuple[int | str, ...]) -> list[type[Any]]:
    current: list[type[Any]] = [model]
    for part in location:
        if _is_union_tag(part):
            continue
        following = [
            found
            for member in current
            for name, annotation in _annotations(member).items()
            if name in {str(part), "root"}
            for found in _models_in(annotation)
        ]
        current = following or current
    return current


def _models_in(annotation: Any) -> Iterator[type[Any]]:
    origin = get_origin(annotation)
    if origin in {Union, types.UnionType, Annotated, dict, tuple, list}:
        for argument in get_args(annotation):
            yield from _models_in(argument)
    elif isinstance(annotation, type) and (issubclass(annotation, BaseModel) or is_dataclass(annotation)):
        yield annotation


def _annotations(model: type[Any]) -> dict[str, Any]:
    """What stands behind each field's name, in a model or in a dataclass that is a part of one."""
    if issubclass(model, BaseModel):
        return {name: field.annotation for name, field in model.model_fields.items()}
    return {name: hint for name, hint in get_type_hints(model, include_extras=True).items() if name[0] != "_"}
