"""Texts from elsewhere, fit to be shown: nothing in them moves a terminal's cursor, recolours it or hides a part."""

import logging


def printable(text: str) -> str:
    r"""The text, with every character that does not print as itself written as its escape, such as `\x1b`.

    Line feeds stay. Escaped are control characters, those that turn the direction of writing around, and what is no
    Unicode.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\n" else _escaped(one) for one in text)


def printable_line(text: str) -> str:
    """The text as `printable`, on one line."""
    return printable(text).replace("\n", r"\n")


class PrintableFormatter(logging.Formatter):
    """Formats log records so that only text of them reaches a terminal, and none of it looks like a line of ours."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as printable text; its further lines are set in."""
        return printable(super().format(record)).replace("\n", "\n    ")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
