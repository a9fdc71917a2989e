"""Guesses what a script measures, from the texts in its source: the name of the value, and what is good."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_PART = r"(?:val|valid|validation|dev|eval|test)"
_HIGH = r"(?:accuracy|acc|f1|auc|auroc|score|precision|recall|r2|reward|return|iou|dice|bleu|map)"
_LOW = r"(?:loss|error|err|rmse|mse|mae|perplexity|ppl|cost|energy|nll|bpb|bpc|length)"
_NAME = re.compile(rf"(?<![A-Za-z0-9])((?:{_PART}_?)?(?:{_HIGH}|{_LOW})(?:_[a-z0-9]+)?)(?![A-Za-z0-9])", re.IGNORECASE)
_GOOD_IF_HIGH = re.compile(rf"(?<![a-z0-9]){_HIGH}(?![a-z])", re.IGNORECASE)
_VALIDATION = re.compile(r"(?:val|valid|validation|dev)(?![a-z])", re.IGNORECASE)
_VALUE_FOLLOWS = re.compile(r"\s?[=:]\s*(?:$|[%{])")
_OF_TRAINING = re.compile(r"train", re.IGNORECASE)


@dataclass(frozen=True)
class Measure:
    """The name of a value, and how it is printed."""

    name: str
    direction: Literal["minimise", "maximise"]
    has_pattern: bool
    """Whether it is printed as `name=value` or `name: value`, not in a line of JSON."""


def guess_measure(source: str) -> Measure | None:
    """The metric that a script most probably is judged by; None if it names none that is known.

    A metric of the validation part goes before others, an accuracy before a loss, and what is printed in a text before
    what is a key of a table.
    """
    found = [(rank, Measure(name, _direction(name), has_pattern)) for rank, name, has_pattern in _candidates(source)]
    return min(found, key=lambda ranked: ranked[0])[1] if found else None


def _candidates(source: str) -> Iterator[tuple[tuple[bool, bool, int], str, bool]]:
    """Each name with its rank, and whether it is printed as `name=value`."""
    for order, (text, is_key) in enumerate(_texts(source)):
        for match in _NAME.finditer(text):
            has_pattern = _VALUE_FOLLOWS.match(text, match.end()) is not None
            is_of_training = _OF_TRAINING.search(text[max(match.start() - 6, 0) : match.start()])
            if (has_pattern or (is_key and match[0] == text)) and not is_of_training:
                rank = (not _VALIDATION.match(match[1]), not _GOOD_IF_HIGH.search(match[1]), order)
                yield rank, match[1], has_pattern


def _texts(source: str) -> Iterator[tuple[str, bool]]:
    """The texts in a script that may name a metric, and whether each is the key of a table."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, False
        elif isinstance(node, ast.Dict):
            yield from ((str(key.value), True) for key in node.keys if isinstance(key, ast.Constant))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
            yield from ((word.arg, True) for word in node.keywords if word.arg)


def _direction(name: str) -> Literal["minimise", "maximise"]:
    return "maximise" if _GOOD_IF_HIGH.search(name) else "minimise"
