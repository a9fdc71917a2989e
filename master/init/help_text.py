"""Reads options from a help text: the fallback for every program whose parser cannot be asked.

Help texts have no common form. This knows how argparse, click, getopt programs, Go, Rust's clap and absl print theirs:
a line that begins with flags, each perhaps with a value's name or choices, and a description, which may go on in the
next lines.
"""

import re
from collections.abc import Iterator

from hyperspool.common.values import Scalar
from hyperspool.master.init.option import Form, Kind, Option

_BOXES = str.maketrans(dict.fromkeys("│┃┌┐└┘╭╮╰╯─━", " "))
_FLAG = re.compile(r"-{1,2}(\[no-?\])?([A-Za-z][\w.-]*)")
_VALUE = re.compile(
    r"\[?(?: ?=|\s)?(<[^<>]+>|\{[^{}]+\}|\[[\w.+-]+(?:\|[\w.+-]+)+\]|[A-Z][A-Z0-9_]*(?![\w.-])"
    r"|(?:float|double|int|integer|uint|string|value|duration|number)(?=\s|$))\]?"
)
_BETWEEN = re.compile(r"\s*[,/|]\s*(?=-)|\s+(?=--[A-Za-z])")
_DEFAULT = re.compile(r"\bdefaults?(?: value)?(?: is| to)?\s*[:=]?\s*(\"[^\"]*\"|'[^']*'|[^\s\])};,]+)", re.IGNORECASE)
_CHOICES = (
    re.compile(r"\{([^{},\s]+(?:,\s*[^{},\s]+)+)\}"),
    re.compile(r"[\[<(]([\w.+-]+(?:\s*\|\s*[\w.+-]+)+)[\])>]"),
    re.compile(r"(?:possible values|choices|one of)\s*[:=]?\s*([\w.+-]+(?:,\s*[\w.+-]+)+)", re.IGNORECASE),
)
_INTS = {"int", "integer", "uint", "n", "num", "count", "an integer"}
_FLOATS = {"float", "double", "real", "f64", "f32", "a number"}
_OF_THE_PARSER = {"help", "h", "version", "V", "helpfull", "helpshort", "helpxml"}
_MAX_OPTIONS = 1000


def options_in(text: str) -> tuple[Option, ...]:
    """The options that a help text describes, in its order, each once."""
    found: list[Option] = []
    seen = set(_OF_THE_PARSER)
    for option in map(_option, _entries(text)):
        bare = {flag.lstrip("-") for flag in option.flags}
        if not bare & seen and len(found) < _MAX_OPTIONS:
            found.append(option)
        seen |= bare
    return tuple(found)


def _entries(text: str) -> Iterator[str]:
    """The description of each option, on one line, with two blanks where the text began a new line."""
    entry, indent, is_usage = "", 0, False
    for line in text.translate(_BOXES).splitlines():
        bare = line.strip()
        # Its lines hold flags too. Go's "Usage of train:" is the heading of the options instead.
        is_usage = bool(bare) and (is_usage or (bare.lower().startswith("usage") and not bare.endswith(":")))
        if is_usage or not bare:
            continue
        depth = len(line) - len(line.lstrip())
        if _FLAG.match(bare):
            if entry:
                yield entry
            entry, indent = bare, depth
        elif entry and depth > indent:
            entry += f"  {bare}"
        elif entry:
            yield entry
            entry = ""
    if entry:
        yield entry


def _option(entry: str) -> Option:
    flags, off, value, rest = _head(entry)
    written = _DEFAULT.search(rest)
    kind, default = _default(written[1].strip("\"'") if written else None, f"{value} {rest}")
    choices = _choices(f"{value} {rest}")
    form = Form.VALUE
    if off or (not value and (written is None or kind is Kind.BOOL)):
        form, kind, default = Form.TOGGLE if off else Form.FLAG_ON, Kind.BOOL, default is True
    return Option(
        flags, form, kind, default, choices, off, help=_DEFAULT.sub("", rest.replace("  ", " ")).strip(" []():")
    )


def _head(entry: str) -> tuple[tuple[str, ...], str | None, str, str]:
    """The flags, the flag that switches off, the value's name, and the rest of an option's entry."""
    flags: list[str] = []
    off, value, place = None, "", 0
    while match := _FLAG.match(entry, place):
        dashes = "--" if match[0].startswith("--") else "-"
        negation = (match[1] or "").strip("[]")
        if flags and match[2] in {f"no-{flags[-1].lstrip('-')}", f"no{flags[-1].lstrip('-')}"}:
            off = match[0]
        else:
            flags.append(f"{dashes}{match[2]}")
            off = f"{dashes}{negation}{match[2]}" if negation else off
        place = match.end()
        if named := _VALUE.match(entry, place):
            value, place = named[1], named.end()
        if not (between := _BETWEEN.match(entry, place)):
            break
        place = between.end()
    return tuple(flags), off, value, entry[place:].lstrip(" :")


def _default(written: str | None, described: str) -> tuple[Kind | None, Scalar | None]:
    """The kind of an option's values and its default, from the default's text and what stands around it."""
    words = set(re.findall(r"[a-z0-9]+", described.lower().split("  ")[0])) | set(re.findall(r"an? \w+", described))
    kind = Kind.FLOAT if words & _FLOATS else Kind.INT if words & _INTS else None
    if written is None or written.lower() in {"none", "null", "-"}:
        return kind, None
    if written.lower() in {"true", "false"}:
        return Kind.BOOL, written.lower() == "true"
    if re.fullmatch(r"[-+]?\d{1,18}", written) and kind is not Kind.FLOAT:
        return Kind.INT, int(written)
    if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?", written):
        return Kind.FLOAT, float(written)
    return Kind.TEXT, written


def _choices(described: str) -> tuple[Scalar, ...]:
    for pattern in _CHOICES:
        if found := pattern.search(described):
            return tuple(dict.fromkeys(part.strip() for part in re.split(r"[,|]", found[1])))
    return ()
