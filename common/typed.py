"""The value of a text that a person typed on a command line, as in `--set KEY=VALUE`."""

import tomllib
from contextlib import suppress
from typing import Any

_WORDS = {"true": True, "false": False}
NOTHING = frozenset({"none", "null"})


def typed_value(text: str) -> Any:
    """The value of a text: what TOML or Python reads there, with `true` and `false` in any case; else the text itself.

    `.5`, `5.`, `1_000`, `0x10` and `007` are numbers, `"no"` in quotes is the text no.
    """
    with suppress(tomllib.TOMLDecodeError):
        return tomllib.loads(f"value = {text}")["value"]
    if (word := _WORDS.get(text.lower())) is not None:
        return word
    for base in (10, 0):
        with suppress(ValueError):
            return int(text, base)
    with suppress(ValueError):
        return float(text)
    return text
