"""Makes foreign text safe to show: it cannot move a terminal's cursor, change its colours or hide other text."""

import logging


def printable(text: str) -> str:
    r"""The text, with every unprintable character replaced by its escape, such as `\x1b`.

    This escapes control characters, characters that reverse the direction of writing, and invalid Unicode. Line feeds
    stay.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\n" else _escaped(one) for one in text)


def printable_line(text: str) -> str:
    """The text as from `printable`, on one line: line feeds are escaped too."""
    return printable(text).replace("\n", r"\n")


class PrintableFormatter(logging.Formatter):
    """Formats log records as printable text, in which foreign text cannot pass for a log line of ours."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as printable text; lines after the first are indented."""
        return printable(super().format(record)).replace("\n", "\n    ")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
